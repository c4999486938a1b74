/** Many people behind one address or in one network. */
import type { AccessEvent } from '../../../src/simulate/access-event.ts';
import { BASES } from '../attacks/bases.ts';
import { ipv4, ipv4Network, ipv6In, ipv6Site, shuffle, word } from '../draw.ts';
import { HOUR, MINUTE, type Script } from '../script.ts';
import type { Family } from '../trial.ts';
import { arrivals, honest } from './honest.ts';

const must = honest('must');

/** Visits that really took place, from other addresses: `people` of them begin within `seconds`. */
export function visits(script: Script, people: number, seconds: number, address: (n: number) => string): void {
  const { random, site, startS } = script;
  const some = shuffle(random, site.visits);
  for (let n = 0; n < people; n++) {
    const visit = some[n % some.length] as readonly AccessEvent[];
    const ip = address(n);
    const beginS = startS + random.between(0, seconds);
    for (const { timeMs, from, method, path, status, responseBytes: bytes, referer } of visit) {
      const atS = beginS + (timeMs - (visit[0]?.timeMs ?? 0)) / 1000;
      script.send(atS, { ip, agent: from.userAgent }, { method, path, status, bytes, referer });
    }
  }
}

const nat =
  (people: number, seconds: number) =>
  (script: Script): void => {
    const ip = ipv4(script.random);
    visits(script, people, seconds, () => ip);
  };

/** Everybody signs in within two minutes, on computers that are all alike. */
const classLogsIn =
  (people: number, files: number) =>
  (script: Script): void => {
    const { site, random } = script;
    const pupil = script.person(ipv4(random));
    arrivals(script, people, 120, (atS) => {
      script.call(atS, pupil, { path: site.login });
      for (const file of site.files.slice(0, files)) script.call(atS + random.next(), pupil, file);
      script.call(atS + random.int(2, 9), pupil, { method: 'POST', path: site.login, status: 302, bytes: 0 });
      script.call(atS + 10, pupil, site.home);
    });
  };

/** People of one network, each with an address of its own, who follow old links of their intranet. */
function campus(script: Script): void {
  const { random, startS } = script;
  const network = ipv4Network(random);
  const gone = Array.from({ length: 6 }, () => `/${word(random)}/${word(random)}.html`);
  visits(script, 200, 15 * MINUTE, (n) => network + (n + 1));
  for (let n = 0; n < 200; n++) {
    const who = script.person(network + (n + 1));
    script.send(startS + random.between(0, 15 * MINUTE), who, { path: random.pick(gone), status: 404, bytes: 560 });
  }
}

/** Telephones of one carrier: an app signs in without any page, and then asks for what the site has. */
function carrier(script: Script): void {
  const { site, random } = script;
  const network = ipv4Network(random);
  let phones = 0;
  arrivals(script, 200, 15 * MINUTE, (atS) => {
    const who = { ip: network + ((phones++ % 254) + 1), agent: 'Shop/7.1 (Android 16)' };
    script.send(atS, who, { method: 'POST', path: site.login, status: 200, bytes: random.int(610, 620) });
    for (let n = 0; n < 6; n++)
      script.send(atS + 1 + n * random.between(1, 9), who, random.pick(site.pages.slice(0, 8)));
  });
}

/** Customers of one provider, who mistype addresses and passwords now and then. */
function provider(script: Script): void {
  const { site, random, startS } = script;
  const network = ipv6Site(random);
  const address = (n: number) => ipv6In(random, network, n * 256);
  visits(script, 150, HOUR, address);
  for (let n = 0; n < 150; n += 3) {
    const [who, atS] = [script.person(address(n)), startS + random.between(0, HOUR)];
    script.load(atS, who, { path: site.login }, 4);
    for (let tries = 0; tries < 2; tries++) {
      script.call(atS + 8 + 9 * tries, who, { method: 'POST', path: site.login, status: 200, bytes: 2400 });
    }
    script.send(atS + 60, who, { path: `/${word(random)}`, status: 404, bytes: 560 });
  }
}

/** A log-in that another site's form leads to, as SAML's and OpenID Connect's do (`response_mode=form_post`). */
const singleSignOn =
  (path: string, status: number) =>
  (script: Script): void => {
    const { site, random } = script;
    const ip = ipv4(random);
    arrivals(script, 30, 60, (atS) => {
      const who = script.person(ip);
      script.send(atS, who, { method: 'POST', path, status, bytes: 0, referer: 'https://sso.example.net/' });
      script.send(atS + 1, who, { ...site.home, referer: 'https://sso.example.net/' });
    });
  };

/** Visitors of a network, a few of whom have a scanner on their computer. */
const neighbours =
  (people: number, scanners: number, addresses: (script: Script) => (n: number) => string) =>
  (script: Script): void => {
    const { random, startS } = script;
    const address = addresses(script);
    visits(script, people, 2 * HOUR, (n) => address(n));
    for (let n = 0; n < scanners; n++) {
      const [who, next] = [script.person(address(people + n)), BASES['scan 404'].attacker(script)];
      const beginS = startS + HOUR + random.between(0, 30 * MINUTE);
      for (let count = 0; count < 100; count++) script.send(beginS + count, who, { ...next(count), attack: true });
    }
  };

export const SHARED: Family = {
  name: 'many people behind one address',
  trials: [
    ...[50, 200, 500].flatMap((people) => [
      must(`NAT of ${people} within 3 h`, nat(people, 3 * HOUR)),
      must(`NAT of ${people} within 1 h`, nat(people, HOUR)),
      must(`NAT of ${people} within 15 min`, nat(people, 15 * MINUTE)),
    ]),
    must('NAT64: 200 visitors in 64:ff9b::/96 within 1 h', (script) => {
      // RFC 6052: the low 32 bits are the visitor's IPv4 address.
      const { random } = script;
      const group = () => random.int(1, 0xffff).toString(16);
      visits(script, 200, HOUR, () => `64:ff9b::${group()}:${group()}`);
    }),
    must('class of 30 logs in within 2 min', classLogsIn(30, 6), 'files'),
    must('class of 100 logs in within 2 min, files cached', classLogsIn(100, 0)),
    must('30 single sign-ons in a minute: POST 302', singleSignOn('/saml/acs', 302)),
    must('30 single sign-ons in a minute: POST 200', singleSignOn('/login/callback', 200)),
    must('campus of 200 in one /24, old links', campus),
    must("200 telephones of a carrier's /24 sign in within 15 min", carrier),
    must("150 customers of a provider's /48, wrong passwords", provider),
    must(
      '60 visitors and 8 scanners in one /24',
      neighbours(60, 8, ({ random }) => {
        const network = ipv4Network(random);
        return (n) => network + (n + 1);
      }),
    ),
    must(
      '60 visitors and 8 scanners in the /64s of one /48',
      neighbours(60, 8, ({ random }) => {
        const site = ipv6Site(random);
        return (n) => ipv6In(random, site, n + 1);
      }),
    ),
  ],
};
