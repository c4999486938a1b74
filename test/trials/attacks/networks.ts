/** One attacker with many addresses of one network, or with accomplices that make zban look away. */
import { around, ipv4Network, ipv6In, ipv6Site, word } from '../draw.ts';
import { HOUR, MINUTE, Script, type Who } from '../script.ts';
import type { Family, Need, Trial } from '../trial.ts';
import { BASES, type BaseName } from './bases.ts';

const REQUESTS_MAX = 12_000;

/** Draws the address of the next request. */
type Addresses = (script: Script) => (count: number) => string;

/** Each request from another network of 64 bits in one /48, or in one /56 (256 of them). */
const slash64s =
  (bits: 48 | 56): Addresses =>
  ({ random }) => {
    const site = ipv6Site(random);
    const first = random.int(0, 0xfe) << 8;
    return (count) => ipv6In(random, site, bits === 48 ? random.int(1, 0xffff) : first + (count % 256));
  };
/** Always another address, one client. */
const slash64: Addresses = ({ random }) => {
  const [site, index] = [ipv6Site(random), random.int(1, 0xffff)];
  return () => ipv6In(random, site, index);
};
const slash24 =
  (addresses: number): Addresses =>
  ({ random }) => {
    const [network, first] = [ipv4Network(random), random.int(1, 254 - addresses)];
    return (count) => network + (first + (count % addresses));
  };

function spread(base: BaseName, rateRps: number, name: string, addresses: Addresses, budget: number): Trial {
  return {
    ...{ level: 'attack', name: `${base}, ${rateRps}/s, ${name}`, needs: [] },
    play: (site, random) => {
      const script = new Script(site, random);
      const [rate, address, next] = [around(random, rateRps), addresses(script), BASES[base].attacker(script)];
      const agent = random.pick(site.browsers);
      for (let n = 0; n < Math.min(rate * 20 * MINUTE, REQUESTS_MAX); n++) {
        script.send(
          script.startS + (n + random.next()) / rate,
          { ip: address(n), agent },
          { ...next(n), attack: true },
        );
      }
      return { requests: script.requests, budget };
    },
  };
}

export const NETWORKS: Family = {
  name: 'networks',
  trials: [
    spread('scan 404', 5, 'each from another /64 of one /48', slash64s(48), 100),
    spread('scan 404', 5, 'from 256 /64s of one /56', slash64s(56), 100),
    spread('scan 404', 5, 'each from another address of one /64', slash64, 30),
    spread('scan 404', 5, 'from ten addresses of one /24', slash24(10), 150),
    spread('scan 404', 5, 'from a hundred addresses of one /24', slash24(100), 300),
    spread('scan 302', 5, 'from ten addresses of one /24', slash24(10), 150),
    spread('log-in 200', 5, 'each from another /64 of one /48', slash64s(48), 100),
    spread('log-in 200', 5, 'from ten addresses of one /24', slash24(10), 150),
    spread('log-in 401', 5, 'from a hundred addresses of one /24', slash24(100), 300),
    spread('unknown log-in path', 5, 'from ten addresses of one /24', slash24(10), 150),
    spread('scrape', 5, 'each from another /64 of one /48', slash64s(48), 500),
    spread('scrape', 10, 'from ten addresses of one /24', slash24(10), 1000),
    spread('home page', 100, 'each from another /64 of one /48', slash64s(48), 3000),
  ],
};

export function feint(name: string, budget: number, write: (script: Script) => void, ...needs: Need[]): Trial {
  return {
    ...{ level: 'attack', name, needs },
    play: (site, random) => {
      const script = new Script(site, random);
      write(script);
      return { requests: script.requests, budget };
    },
  };
}

/** An ordinary scanner at 5 requests a second from `fromS` on. */
export function scanFrom(script: Script, who: Who, fromS: number, seconds: number, base: BaseName = 'scan 404'): void {
  const [rate, next] = [around(script.random, 5, 0.2), BASES[base].attacker(script)];
  for (let n = 0; n < rate * seconds; n++) script.send(fromS + n / rate, who, { ...next(n), attack: true });
}

const [ROUNDS, ROUND_S] = [30, 120];

/** Twelve /64s with fourteen refused requests each, again and again, so that the fuse trips as soon as it is reset. */
function decoys(script: Script): void {
  const { random, startS } = script;
  const next = BASES['scan 404'].attacker(script);
  const site = ipv6Site(random);
  for (let round = 0; round < ROUNDS; round++) {
    for (let decoy = 0; decoy < 12; decoy++) {
      const who = { ip: ipv6In(random, site, 1 + round * 12 + decoy), agent: 'curl/8.5.0' };
      for (let n = 0; n < 14; n++) script.send(startS + round * ROUND_S + decoy + n / 2, who, next(n));
    }
  }
}

/** Most of the site's requests, for files, with forty user agents, for 35 minutes: what a proxy in front looks like. */
function poseAsProxy(script: Script, ip: string): number {
  const { random, site, startS } = script;
  const rate = Math.max(1.5, 12 * site.rateRps);
  for (let n = 0; n < rate * 35 * MINUTE; n++) {
    const who = { ip, agent: random.pick(site.browsers.slice(0, 40)) };
    script.call(startS + n / rate, who, random.pick(site.files));
  }
  return startS + 35 * MINUTE;
}

/** Twenty-five addresses that make popular pages fail, three times a minute each. */
function failTogether(script: Script, seconds: number): void {
  const { random, site, startS } = script;
  for (let helper = 0; helper < 25; helper++) {
    const who = script.person();
    for (let atS = startS + random.between(0, 20); atS < startS + seconds; atS += 20) {
      const path = `${random.pick(site.pages.slice(0, 10)).path}?id[]=${random.hex(4)}`;
      script.send(atS, who, { path, status: 500, bytes: 560 });
    }
  }
}

const TAUGHT_SCAN_S = 5;

/** Addresses that ask for the same paths before the scanner does, slowly enough to pass; returns the paths. */
function teach(script: Script, status: number): string[] {
  const { random, startS } = script;
  const paths = Array.from({ length: 150 }, () => `/${word(random)}/${word(random)}.php`);
  for (let helper = 0; helper < 60; helper++) {
    const who = script.person();
    const stepS = around(random, 90, 0.2);
    for (let n = 0; n < 40; n++) script.send(startS + n * stepS, who, { path: random.pick(paths), status, bytes: 160 });
  }
  return paths;
}

/** A slow scan of what others have asked for before. */
function scanTaught(status: number): (script: Script) => void {
  return (script) => {
    const paths = teach(script, status);
    const who = script.person();
    const fromS = script.startS + 1.3 * HOUR;
    for (let n = 0; n < 1200; n++) {
      const path = paths[n % paths.length] as string;
      script.send(fromS + n * TAUGHT_SCAN_S, who, { path, status, bytes: 160, attack: true });
    }
  };
}

export const FEINTS: Family = {
  name: 'feints',
  trials: [
    feint('decoys trip the fuse, then a scan', 60, (script) => {
      decoys(script);
      scanFrom(script, script.person(), script.startS + 60, 50 * MINUTE);
    }),
    feint('decoys trip the fuse, then password guessing', 60, (script) => {
      decoys(script);
      scanFrom(script, script.person(), script.startS + 60, 50 * MINUTE, 'log-in 200');
    }),
    feint(
      'poses as a proxy for 35 minutes, then a scan',
      60,
      (script) => {
        const who = script.person();
        scanFrom(script, who, poseAsProxy(script, who.ip), 15 * MINUTE);
      },
      'files',
    ),
    feint('25 addresses feign an outage, then SQL injection that fails', 60, (script) => {
      failTogether(script, 25 * MINUTE);
      scanFrom(script, script.person(), script.startS + 5 * MINUTE, 20 * MINUTE, 'SQL injection, half fails');
    }),
    feint('25 addresses feign an outage, then a scan', 60, (script) => {
      failTogether(script, 25 * MINUTE);
      scanFrom(script, script.person(), script.startS + 5 * MINUTE, 20 * MINUTE);
    }),
    feint('60 addresses were redirected on the same paths, then a scan', 60, scanTaught(302)),
    feint('60 addresses were refused on the same paths, then a scan', 60, scanTaught(404)),
  ],
};
