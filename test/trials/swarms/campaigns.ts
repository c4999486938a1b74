/** Crowds that come for one address: with a query that says from where, with programs among them, or sent there by the site. */
import type { Random } from '../../../src/simulate/random.ts';
import { word } from '../draw.ts';
import { MINUTE, type Script } from '../script.ts';
import type { Play } from './swarm-site.ts';

const PLAYERS = ['AppleCoreMedia/1.0.0.21F90 (iPhone; U; CPU OS 17_5_1 like Mac OS X; en_us)', 'AntennaPod/3.4.0'];
const READERS = ['Tiny Tiny RSS/23.03 (https://tt-rss.org/)', 'FreshRSS/1.24.0 (Linux)', 'Feeder/2.6', 'NewsFlash/3.3'];

const anywhere = (random: Random): string =>
  `${random.int(20, 190)}.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`;

/** So many clients within so many minutes, most of them soon. */
const crowd = (
  name: string,
  count: number,
  minutes: number,
  act: (script: Script, atS: number, ip: string) => void,
  needsFiles = false,
): Play => ({
  name,
  needsFiles,
  write: (script) => {
    const { random, startS } = script;
    for (let n = 0; n < count; n++) act(script, startS + minutes * MINUTE * random.next() ** 1.5, anywhere(random));
  },
});

/** The provider of half the readers' mail follows each link before they do, from six networks. */
const followLink = (script: Script, atS: number, ip: string): void => {
  const { random, site } = script;
  const asked = { path: `${site.pages[1]?.path}?utm_source=mail&utm_content=${random.hex(10)}`, bytes: 24_000 };
  script.load(atS, script.person(ip), asked);
  const provider = { ip: `203.0.${random.int(114, 119)}.${random.int(1, 254)}`, agent: random.pick(site.browsers) };
  if (random.chance(0.5)) script.send(atS - 30 * random.next(), provider, asked);
};

export const CAMPAIGNS: readonly Play[] = [
  crowd('episode of a podcast that names its feed', 1500, 20, (script, atS, ip) => {
    const { random } = script;
    const agent = random.pick(PLAYERS);
    for (let part = random.int(1, 3); part > 0; part--)
      script.send(atS + 20 * part, { ip, agent }, { path: '/podcast/77.mp3?source=feed', status: 206, bytes: 4e6 });
  }),
  crowd('previews of a link that names its source', 2000, 8, (script, atS, ip) => {
    const agent = `Mastodon/4.2.${script.random.int(0, 12)} (http.rb/5.2.0; +https://${word(script.random)}.example/)`;
    script.send(atS, { ip, agent }, { path: '/2026/01/the-story?utm_source=fediverse', bytes: 20_000 });
  }),
  crowd('readers of a feed by its query', 300, 30, (script, atS, ip) => {
    const who = { ip, agent: script.random.pick(READERS) };
    for (let time = 0; time < 3; time++) script.send(atS + 600 * time, who, { path: '/?feed=rss2', bytes: 9000 });
  }),
  crowd('visitors sent to a page of maintenance', 800, 20, (script, atS, ip) => {
    const who = script.person(ip);
    for (let time = 0; time < 5; time++) {
      script.send(atS + 15 * time, who, { ...script.site.home, status: 302, bytes: 0 });
      script.send(atS + 15 * time + 1, who, { path: '/maintenance.html', status: 503, bytes: 900 });
    }
  }),
  crowd('viewers of a broadcast sent to an offer', 2000, 5, (script, atS, ip) => {
    const who = script.person(ip);
    script.send(atS, who, { path: '/tv', status: 302, bytes: 0 });
    script.call(atS + 1, who, { path: '/offers/lamp?code=tv', bytes: 9000 });
  }),
  crowd('newsletter whose links the mail provider follows', 600, 15, followLink, true),
];
