/** Crowds for something new on the site that its operator made for them: programs, devices, a class. */
import type { Random } from '../../../src/simulate/random.ts';
import { word } from '../draw.ts';
import { type Asked, MINUTE, type Script } from '../script.ts';
import type { Play } from './swarm-site.ts';

const TABLET =
  'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
const MONITOR = 'Better Uptime Bot Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/537.36';
const VALIDATOR = "Mozilla/5.0 (compatible; Let's Encrypt validation server; +https://www.letsencrypt.org)";
const PLUG = 'SmartPlug/2.4.1 (ESP32)';

const anywhere = (random: Random): string =>
  `${random.int(20, 190)}.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`;
const device = ({ random, site }: Script): string => random.pick(site.visits)[0]?.from.userAgent ?? '';

/** So many clients within so many minutes; each asks for the same once and, if `again`, so many times more, so many seconds apart. */
const crowd = (
  name: string,
  [count, minutes]: readonly [number, number],
  ask: (script: Script, client: number) => Asked & { readonly agent: string },
  [again, gapS]: readonly [number, number] = [0, 0],
): Play => ({
  name: `${count} ${name}`,
  write: (script) => {
    const { random, startS } = script;
    for (let client = 0; client < count; client++) {
      const [ip, fromS] = [anywhere(random), startS + minutes * MINUTE * random.next()];
      const { agent, ...asked } = ask(script, client);
      for (let time = 0; time <= again; time++) script.send(fromS + gapS * time, { ip, agent }, asked);
    }
  },
});

export const ENDPOINTS: readonly Play[] = [
  crowd('devices that a message wakes, each with its token', [1500, 4], (script) => ({
    ...{ agent: device(script), path: `/api/articles/9917?push=${script.random.hex(12)}`, bytes: 8000 },
  })),
  crowd('devices with their token in the path', [1500, 4], (script) => ({
    ...{ agent: device(script), path: `/push/${script.random.hex(16)}`, bytes: 800 },
  })),
  crowd(
    'plugs after a power cut',
    [2000, 10],
    (_, client) => ({ agent: PLUG, path: `/iot/v1/state?id=${client}`, bytes: 120 }),
    [2, 60],
  ),
  crowd(
    'webhooks of a new partner',
    [400, 30],
    () => ({ agent: 'PartnerHooks/1.0', method: 'POST', path: '/hooks/orders', bytes: 20 }),
    [2, 60],
  ),
  crowd(
    'monitors that send a form',
    [200, 2],
    () => ({ agent: MONITOR, method: 'POST', path: '/api/check', bytes: 50 }),
    [30, 60],
  ),
  crowd('tablets of a school for one page', [600, 10], () => ({ agent: TABLET, path: '/lesson/17', bytes: 14_000 })),
  crowd('meters with their number in the path', [1500, 3], (_, client) => ({
    ...{ agent: 'MeterHub/1.9', method: 'POST', path: `/iot/v1/meter/${client}/readings`, status: 204, bytes: 12 },
  })),
  crowd('mail providers that unsubscribe', [400, 15], ({ random }) => ({
    agent: random.pick(['Mozilla/5.0', 'GmailOneClick/1.0', 'Yahoo Mail Unsub']),
    ...{ method: 'POST', path: `/unsubscribe?u=${random.hex(16)}`, bytes: 20 },
  })),
  {
    name: '2500 votes',
    write: (script) => {
      for (let vote = 0; vote < 2500; vote++) {
        const [who, atS] = [script.person(anywhere(script.random)), script.startS + 5 * MINUTE * script.random.next()];
        script.send(atS, who, { path: '/vote', bytes: 4000 });
        script.call(atS + 8, who, { method: 'POST', path: '/vote', status: 302, bytes: 200 });
      }
    },
  },
  crowd(
    "events from a partner's pages",
    [2500, 10],
    (script) => ({ agent: device(script), method: 'POST', path: '/collect/e', status: 204, bytes: 0 }),
    [2, 9],
  ),
  crowd(
    'validations of certificates',
    [200, 20],
    ({ random }) => ({ agent: VALIDATOR, path: `/.well-known/acme-challenge/${random.hex(22)}`, bytes: 87 }),
    [2, 200],
  ),
  {
    name: '3000 viewers of a broadcast for the home page and a search',
    write: (script) => {
      const { random, site, startS } = script;
      for (let viewer = 0; viewer < 3000; viewer++) {
        const [who, atS] = [
          { ip: anywhere(random), agent: device(script) },
          startS + 5 * MINUTE * random.next() ** 1.5,
        ];
        script.send(atS, who, site.home);
        if (random.chance(0.5)) script.call(atS + 9, who, { path: `/search?q=${word(random)}`, bytes: 9000 });
      }
    },
  },
];
