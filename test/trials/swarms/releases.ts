/** Devices that nobody has seen here before, and that all come at once: an app's new version, a partner's program, an event. */
import type { Random } from '../../../src/simulate/random.ts';
import { type Asked, MINUTE, type Script } from '../script.ts';
import type { Play } from './swarm-site.ts';

type Draw = (script: Script) => () => string;

const anywhere: Draw =
  ({ random }) =>
  () =>
    `${random.int(20, 190)}.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`;
/** Of one provider in one region. */
const oneRegion: Draw = ({ random }) => {
  const provider = `${random.int(20, 190)}.${random.int(0, 255)}`;
  return () => `${provider}.${random.int(0, 15)}.${random.int(1, 254)}`;
};
/** The addresses of a conference. */
const oneHall: Draw = ({ random }) => {
  const network = `${random.int(20, 190)}.${random.int(0, 255)}.${random.int(0, 255)}`;
  return () => `${network}.${random.int(1, 250)}`;
};
/** What a carrier shares among its customers of a town. */
const fewAddresses: Draw = ({ random }) => {
  const network = `${random.int(20, 190)}.${random.int(0, 255)}.${random.int(0, 255)}`;
  return () => `${network}.${random.int(1, 20)}`;
};
const newVersion: Draw = ({ random }) => {
  const agent = `ExampleShop/6.${random.int(0, 20)} okhttp/5.1.0 (Android 16)`;
  return () => agent;
};
const newVersions: Draw = ({ random }) => {
  const version = `ExampleShop/6.${random.int(0, 20)}`;
  return () => `${version} (${random.pick(['Pixel', 'Galaxy', 'Edge', 'Nord'])} ${random.int(3, 40)}; Android 16)`;
};
const asBefore: Draw = ({ random, site }) => {
  const agents = site.visits.map(([first]) => first?.from.userAgent ?? '');
  return () => random.pick(agents);
};

/** What a visitor asked for as a device asks for it; undefined if it does not. */
type Change = (asked: Asked) => Asked | undefined;

const isFile = ({ path }: Asked): boolean => /^\/(static|media)\/|\.ico$/.test(path);
const withoutFiles: Change = (asked) => (isFile(asked) ? undefined : asked);
/** All that it asks for has its version in the query. */
const withVersion: Change = (asked) =>
  isFile(asked)
    ? undefined
    : { ...asked, path: `${asked.path}${asked.path.includes('?') ? '&' : '?'}app=6&os=android` };

/** Each device does what some visitor did, at that visitor's pace. */
const devices = (
  name: string,
  count: number,
  minutes: number,
  agents: Draw,
  { change = withoutFiles, addresses = anywhere }: { readonly change?: Change; readonly addresses?: Draw } = {},
): Play => ({
  name: `${count} ${name}`,
  write: (script) => {
    const { random, site, startS } = script;
    const [agent, address] = [agents(script), addresses(script)];
    for (let device = 0; device < count; device++) {
      const who = { ip: address(), agent: agent() };
      const visit = random.pick(site.visits).slice(0, 40);
      const fromS = startS + minutes * MINUTE * random.next();
      for (const { timeMs, method, path, status, responseBytes, referer } of visit) {
        const asked = change({ method, path, status, bytes: responseBytes, referer });
        if (asked) script.send(fromS + (timeMs - (visit[0]?.timeMs ?? timeMs)) / 1000, who, asked);
      }
    }
  },
});

/** Of devices that ask only for what is new on the site, or for one thing of it. */
const calls = (name: string, count: number, minutes: number, agents: Draw, ask: (random: Random) => Asked[]): Play => ({
  name: `${count} ${name}`,
  write: (script) => {
    const { random, startS } = script;
    const [agent, address] = [agents(script), anywhere(script)];
    for (let device = 0; device < count; device++) {
      const who = { ip: address(), agent: agent() };
      let atS = startS + minutes * MINUTE * random.next();
      for (const asked of ask(random)) {
        script.send(atS, who, asked);
        atS += random.int(1, 20);
      }
    }
  },
});

/** The app's new version has an interface of its own. */
const newInterface = (random: Random): Asked[] => [
  { path: '/api/v9/config', bytes: 2300 },
  { method: 'POST', path: '/api/v9/devices', bytes: 300 },
  { path: `/api/v9/feed?page=${random.int(1, 3)}`, bytes: 9000 },
  ...Array.from({ length: random.int(0, 3) }, () => ({ path: '/api/v9/offers', bytes: 6000 })),
];

export const RELEASES: readonly Play[] = [
  devices('new devices with a new version', 50, 4, newVersion),
  devices('new devices with a new version', 100, 5, newVersion),
  devices('new devices with a new version', 300, 10, newVersion),
  devices('new devices with a new version', 3000, 30, newVersion),
  devices('new devices with a new version that load files', 300, 10, newVersion, { change: (asked) => asked }),
  devices('new devices with a new version each', 1000, 15, newVersions),
  devices('new devices that name their version in each request', 500, 10, newVersion, { change: withVersion }),
  devices('new devices of one region', 600, 15, asBefore, { addresses: oneRegion }),
  devices('new devices of one region with a new version', 600, 15, newVersion, { addresses: oneRegion }),
  devices('new devices in a hall', 200, 10, asBefore, { addresses: oneHall }),
  devices('viewers of a broadcast', 3000, 5, asBefore),
  calls('new devices with an interface of their own', 500, 10, newVersion, newInterface),
  calls('readers of what is new, with many programs', 500, 10, newVersions, () => [
    { path: '/api/news-of-today', bytes: 4000 },
  ]),
  devices('new devices behind twenty addresses with a new version', 600, 15, newVersion, { addresses: fewAddresses }),
];
