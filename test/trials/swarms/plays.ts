/** Swarms: clients of whom none is conspicuous. And honest crowds that look like them. */
import type { Random } from '../../../src/simulate/random.ts';
import { around, ipv6In, ipv6Site, word } from '../draw.ts';
import { type Asked, MINUTE, type Script } from '../script.ts';
import type { Play } from './swarm-site.ts';

/** An honest user agent of ten years ago. */
const OLD = 'Mozilla/5.0 (Windows NT 6.1; WOW64; rv:40.0) Gecko/20100101 Firefox/40.1';

type Addresses = (random: Random) => () => string;

const anywhere: Addresses = (random) => () =>
  `${random.int(20, 190)}.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`;
/** Forty networks of 256 addresses. */
const fewNetworks: Addresses = (random) => {
  const draw = anywhere(random);
  const networks = Array.from({ length: 40 }, () => draw().replace(/\d+$/, ''));
  return () => `${random.pick(networks)}${random.int(1, 254)}`;
};
const oneAddress: Addresses = (random) => {
  const address = anywhere(random)();
  return () => address;
};
/** A site of 64 bits each. */
const ipv6: Addresses = (random) => () => ipv6In(random, ipv6Site(random), random.int(0, 0xffff));

interface Look {
  readonly agent: string;
  readonly asked: Asked;
}

/** What a swarm asks for is drawn once, and then for each request. */
type Aim = (script: Script) => () => Look;

const oneAgent: Aim = (script) => () => ({ agent: OLD, asked: script.rarePage() });
const documents: Aim = (script) => () => ({
  agent: OLD,
  asked: { path: `/papers/${script.random.hex(6)}.pdf`, bytes: 90_000 },
});
const randomQueries: Aim = ({ random, site }) => {
  const [first, second] = [word(random), word(random)];
  const agent = () => random.pick(site.browsers);
  return () => ({
    agent: agent(),
    asked: { path: `/?${first}=${random.hex(6)}&${second}=${word(random)}`, bytes: 9000 },
  });
};
const logIns: Aim = ({ random, site }) => {
  const status = random.pick([200, 302, 401]);
  return () => ({
    agent: random.pick(site.browsers),
    asked: { method: 'POST', path: site.login, status, bytes: 3000 },
  });
};

/** Each client sends up to `most` requests within a few minutes. */
const swarm = (
  name: string,
  aim: Aim,
  addresses: Addresses,
  rateRps: number,
  minutes: number,
  most = 5,
  picture = false,
): Play => ({
  name: `${name} @${rateRps}/s`,
  write: (script) => {
    const { random, site, startS } = script;
    const [look, address] = [aim(script), addresses(random)];
    const left = around(random, rateRps, 0.2) * minutes * MINUTE;
    for (let sent = 0; sent < left; ) {
      const ip = address();
      const fromS = random.next() * minutes * MINUTE;
      for (let count = random.int(1, most); count > 0; count--, sent++) {
        const { agent, asked } = look();
        const atS = startS + ((fromS + 60 * count * random.next()) % (minutes * MINUTE));
        script.send(atS, { ip, agent }, { ...asked, attack: true });
        if (picture)
          script.send(atS, { ip, agent }, { ...random.pick(site.files), referer: site.referer, attack: true });
      }
    }
  },
});

export const SWARMS: readonly Play[] = [
  swarm('one user agent', oneAgent, anywhere, 8, 10),
  swarm('one user agent, IPv6', oneAgent, ipv6, 8, 10),
  swarm('one user agent, few networks', oneAgent, fewNetworks, 8, 10),
  swarm('one user agent for documents', documents, anywhere, 4, 10),
  { ...swarm('one user agent with a picture each', oneAgent, anywhere, 4, 10, 2, true), needsFiles: true },
  swarm('random queries', randomQueries, anywhere, 8, 10),
  swarm('random queries, IPv6', randomQueries, ipv6, 2, 15),
  swarm('log-ins', logIns, anywhere, 2, 15),
  swarm('log-ins, few networks', logIns, fewNetworks, 8, 10),
  swarm('slow user agent', oneAgent, anywhere, 0.5, 90, 2),
  swarm('slow log-ins', logIns, anywhere, 0.5, 90, 2),
];

/** On a site where it is known of each page who reads it. */
export const ARCHIVE_SWARMS: readonly Play[] = [
  swarm('one user agent for pages with one or two readers', oneAgent, anywhere, 8, 10),
  swarm('one user agent for pages with one or two readers', oneAgent, fewNetworks, 50, 4),
];

/** Visitors at a rate: a page from elsewhere with all its files, and some more pages. */
const visitors = (
  name: string,
  rateRps: number,
  minutes: number,
  first: (script: Script) => Asked,
  addresses = anywhere,
): Play => ({
  name,
  needsFiles: true,
  write: (script) => {
    const { random, site } = script;
    const address = addresses(random);
    script.every(1 / rateRps, minutes * MINUTE, (atS) => {
      const who = script.person(address());
      script.load(atS, who, first(script));
      for (let more = random.int(0, 3), laterS = atS; more > 0; more--) {
        laterS += random.int(10, 90);
        script.call(laterS, who, random.pick(site.pages));
      }
    });
  },
});

const story = ({ random }: Script): Asked => ({
  path: '/story-of-the-day',
  bytes: 24_000,
  referer: random.pick(['https://news.example/', 'https://t.co/', 'https://www.google.com/', '']),
});
const fromNewsletter = ({ random, site }: Script): Asked => ({
  path: `${site.pages[1]?.path}?utm_source=newsletter&utm_medium=email&utm_campaign=spring&utm_content=${random.hex(10)}`,
  bytes: 24_000,
});

/** Everybody who was there before has the new version within half an hour. */
const appRelease: Play = {
  name: 'app release',
  write: (script) => {
    const { random, site, startS } = script;
    const agent = `ExampleShop/5.${random.int(0, 20)} okhttp/4.12.0 (Android 15)`;
    for (const visit of site.visits.slice(0, 400)) {
      const ip = visit[0]?.from.ip;
      if (ip === undefined) continue;
      // After its first visit, so that it is known.
      const fromS = startS + 1800 + random.int(0, 1800);
      for (const [index, { method, path, status, responseBytes }] of visit.slice(0, 6).entries())
        script.send(fromS + 5 * index, { ip, agent }, { method, path, status, bytes: responseBytes });
    }
  },
};

/** Of a search engine that publishes its networks. */
const crawl: Play = {
  name: 'crawl of a search engine',
  write: (script) => {
    const { random } = script;
    const agent = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
    script.every(0.4, 20 * MINUTE, (atS) => {
      const ip = `203.0.113.${random.int(1, 200)}`;
      script.send(atS, { ip, agent }, random.chance(0.05) ? { path: '/robots.txt', bytes: 300 } : script.rarePage());
    });
  },
};

export const CROWDS: readonly Play[] = [
  visitors('flash crowd', 6, 8, story),
  visitors(
    'flash crowd from three networks',
    2,
    10,
    story,
    (random) => () => `198.51.${random.int(98, 100)}.${random.int(1, 254)}`,
  ),
  visitors('newsletter', 4, 10, fromNewsletter),
  appRelease,
  crawl,
  visitors('200 people behind one address', 1 / 3, 10, ({ random, site }) => random.pick(site.pages), oneAddress),
];
