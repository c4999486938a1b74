/** Swarms that change while they last, and programs that come in crowds without being one. */
import type { Random } from '../../../src/simulate/random.ts';
import { word } from '../draw.ts';
import { type Asked, HOUR, MINUTE, type Script } from '../script.ts';
import type { Play } from './swarm-site.ts';

const OLD = 'Mozilla/5.0 (Windows NT 6.1; WOW64; rv:40.0) Gecko/20100101 Firefox/40.1';
const PLAYERS = [
  'AppleCoreMedia/1.0.0.21F90 (iPhone; U; CPU OS 17_5_1 like Mac OS X; en_us)',
  'Overcast/2024.6 (+http://overcast.fm/; iOS podcast app)',
  'AntennaPod/3.4.0',
  'Podcasts/1650.20 CFNetwork/1494 Darwin/23.4.0',
];
const LOADERS = ['Wget/1.21.4', 'curl/8.5.0', 'aria2/1.37.0', 'Debian APT-HTTP/1.3 (2.6.1)'];

const anywhere = (random: Random): string =>
  `${random.int(20, 190)}.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`;

/** What a swarm sends next, so many seconds after its beginning. */
type Next = (atS: number) => { readonly agent: string; readonly asked: Asked };

/** Clients with one to three requests each; `rateRps` says how many come, by the second after the beginning. */
const swarm = (
  name: string,
  minutes: number,
  rateRps: (atS: number) => number,
  aim: (script: Script) => Next,
): Play => ({
  name,
  write: (script) => {
    const { random, startS } = script;
    const next = aim(script);
    for (let atS = 0; atS < minutes * MINUTE; atS++) {
      for (let due = rateRps(atS) / 2; due > 0; due--) {
        if (due < 1 && !random.chance(due)) break;
        const ip = anywhere(random);
        for (let count = random.int(1, 3), laterS = atS + random.next(); count > 0; count--) {
          const { agent, asked } = next(laterS);
          script.send(startS + laterS, { ip, agent }, { ...asked, attack: true });
          laterS += 30 * random.next();
        }
      }
    }
  },
});

const oneAgent =
  (script: Script): Next =>
  () => ({ agent: OLD, asked: script.rarePage() });
const fiveAgents = (script: Script): Next => {
  const { random } = script;
  const agents = Array.from({ length: 5 }, () => `${OLD} ${word(random)}/1.${random.int(0, 9)}`);
  return () => ({ agent: random.pick(agents), asked: script.rarePage() });
};
const twoPhases = (script: Script): Next => {
  const { random, site } = script;
  const key = word(random);
  return (atS) =>
    atS < 10 * MINUTE
      ? { agent: OLD, asked: script.rarePage() }
      : { agent: random.pick(site.browsers), asked: { path: `/?${key}=${random.hex(8)}`, bytes: 9000 } };
};
const rotating = ({ random }: Script): Next => {
  const [path, key] = [`/${word(random)}`, word(random)];
  const agent = () => `Mozilla/5.0 (${random.hex(8)}) ${random.hex(6)}`;
  return () => ({ agent: agent(), asked: { path: `${path}?${key}=${random.hex(5)}`, bytes: 8000 } });
};

export const CHANGING_SWARMS: readonly Play[] = [
  swarm('two phases with a pause', 25, (atS) => (atS >= 8 * MINUTE && atS < 12 * MINUTE ? 0 : 6), twoPhases),
  swarm('five rare agents', 20, () => 5, fiveAgents),
  swarm('ramp-up over an hour', 50, (atS) => 0.1 + (6 * atS) / HOUR, oneAgent),
  swarm('three minutes on, twelve off', 50, (atS) => (atS % (15 * MINUTE) < 3 * MINUTE ? 6 : 0), oneAgent),
  swarm('another agent for each request', 15, () => 6, rotating),
];

/** New clients, at first so many a second and then ever fewer, and what each does. */
const crowd = (
  name: string,
  rateRps: number,
  minutes: number,
  act: (script: Script, atS: number, ip: string) => void,
): Play => ({
  name,
  write: (script) => {
    const { random, startS } = script;
    const lengthS = minutes * MINUTE;
    for (let atS = 0; atS < lengthS; atS += (2 * random.next()) / (rateRps * (1.01 - atS / lengthS)))
      act(script, startS + atS, anywhere(random));
  },
});

/** In one to three parts. */
const download =
  (path: string, bytes: number, agents: readonly string[]) => (script: Script, atS: number, ip: string) => {
    const { random, site } = script;
    const agent = random.pick([...agents, ...site.browsers.slice(0, 4)]);
    const status = random.pick([200, 206]);
    for (let part = random.int(1, 3); part > 0; part--)
      script.send(atS + 20 * part, { ip, agent }, { path, status, bytes });
  };

const READERS = 'NetNewsWire (RSS Reader; https://netnewswire.com/)';

export const PROGRAMS: readonly Play[] = [
  crowd('episode of a podcast', 5, 20, download('/podcast/episode-77.mp3', 4_000_000, PLAYERS)),
  crowd('release of a program', 5, 20, download('/files/tool-4.0.0-amd64.iso', 90_000_000, LOADERS)),
  crowd('previews of a link', 12, 8, (script, atS, ip) => {
    const instance = word(script.random);
    const agent = `Mastodon/4.2.${script.random.int(0, 12)} (http.rb/5.2.0; +https://${instance}.example/)`;
    script.send(atS, { ip, agent }, { path: '/2026/01/the-story', bytes: 20_000 });
  }),
  crowd('update of a plug-in', 4, 20, (script, atS, ip) => {
    const agent = `WordPress/6.${script.random.int(2, 6)}; https://${word(script.random)}.example`;
    script.send(atS, { ip, agent }, { path: '/files/nice-plugin.4.0.0.zip', bytes: 900_000 });
  }),
  {
    name: 'monitors in 130 places',
    write: (script) => {
      const { random, site, startS } = script;
      const agent = 'Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)';
      for (let place = 0; place < 130; place++) {
        const ip = anywhere(random);
        for (let atS = 60 * random.next(); atS < 30 * MINUTE; atS += 60)
          script.send(startS + atS, { ip, agent }, site.home);
      }
    },
  },
  {
    name: 'readers of a feed at one provider',
    write: (script) => {
      for (let reader = 1; reader <= 250; reader++)
        for (let atS = reader; atS < HOUR; atS += 5 * MINUTE) {
          const client = { ip: `198.18.77.${reader}`, agent: READERS };
          script.send(script.startS + atS, client, { path: '/feed/', status: 304, bytes: 0 });
        }
    },
  },
];
