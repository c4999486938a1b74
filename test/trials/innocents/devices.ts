/** Telephones, offices, things and tools whose requests look odd. */
import { ipv4, word } from '../draw.ts';
import { HOUR, MINUTE, type Script } from '../script.ts';
import type { Family } from '../trial.ts';
import { arrivals, honest, program } from './honest.ts';

const [must, should] = [honest('must'), honest('should')];
const APP = 'Shop/7.1 (Android 16)';

/** Everybody comes at nine, reads a few pages and signs in. */
function office(script: Script): void {
  const { site, random } = script;
  const ip = ipv4(random);
  arrivals(script, 40, 10 * MINUTE, (atS) => {
    const who = script.person(ip);
    script.load(atS, who);
    for (let n = 1; n < 4; n++) script.call(atS + n * random.between(3, 20), who, random.pick(site.pages));
    script.call(atS + 61, who, { path: site.login });
    script.call(atS + 70, who, { method: 'POST', path: site.login, status: 302, bytes: 0 });
    script.call(atS + 71, who, site.home);
  });
}

/** A page whose files were loaded, and then many more that nobody else has asked for, all at once. */
const burst =
  (count: number, seconds: number, pathOf: (name: string, n: number) => string) =>
  (script: Script): void => {
    const { random, startS } = script;
    const who = script.person();
    script.load(startS, who);
    for (let n = 0; n < count; n++) {
      const bytes = random.int(2000, 200_000);
      script.call(startS + 2 + (n * seconds) / count, who, { path: pathOf(word(random, 3), n), bytes });
    }
  };

/** What a browser and its extensions ask for beside a page, which this site does not have. */
function curiousBrowser(script: Script): void {
  const who = script.person();
  const paths = [
    ...['/favicon.ico', '/apple-touch-icon.png', '/apple-touch-icon-precomposed.png', '/site.webmanifest', '/sw.js'],
    ...['/browserconfig.xml', '/.well-known/appspecific/com.chrome.devtools.json', '/.well-known/traffic-advice'],
    ...['/main.css.map', '/main.js.map', '/.well-known/change-password', '/ads.txt', '/opensearch.xml'],
  ];
  script.load(script.startS, who);
  for (const [n, path] of paths.entries()) script.send(script.startS + 1 + n / 9, who, { path, status: 404 });
}

function tenProbes(script: Script): void {
  for (let n = 0; n < 10; n++) {
    const who = script.program('StatusCake/1.0');
    script.every(30, HOUR, (atS) => {
      for (const path of ['/', '/health', '/api/version']) script.send(atS + 0.2, who, { path, bytes: 400 });
    });
  }
}

/** The owner looks for dead links. */
const linkChecker =
  (rateRps: number) =>
  (script: Script): void => {
    const { random, site } = script;
    const who = script.program('LinkChecker/10.4 (+https://linkchecker.github.io/linkchecker/)');
    script.every(1 / rateRps, 2 * MINUTE, (atS) => {
      const page = random.chance(0.6) ? random.pick(site.pages) : script.rarePage();
      script.call(atS, who, { ...page, method: 'HEAD', status: random.chance(0.04) ? 404 : 200 });
    });
  };

export const DEVICES: Family = {
  name: 'telephones, offices and things',
  trials: [
    must('office of 40 behind one address at nine', office),
    must(
      'print of a gallery: 300 pictures in 20 s',
      burst(300, 20, (name) => `/photos/${name}.jpg`),
      'files',
    ),
    must(
      'web app keeps its 150 files in 5 s',
      burst(150, 5, (name, n) => `/app/${name}-${n}.js`),
      'files',
    ),
    must('browser asks for 13 files beside a page', curiousBrowser, 'files'),
    must(
      'app whose backend fails: five calls 500 each 5 s',
      program(APP, 5, 10 * MINUTE, () =>
        [...'abcde'].map((name) => ({ path: `/api/${name}`, status: 500, bytes: 40 })),
      ),
    ),
    must(
      'app whose backend fails: POST 503 each 2 s',
      program(APP, 2, 10 * MINUTE, () => ({ method: 'POST', path: '/api/events', status: 503, bytes: 40 })),
    ),
    should(
      'app signed out: four calls 401 each 30 s',
      program(APP, 30, HOUR, () => [...'abcd'].map((name) => ({ path: `/api/${name}`, status: 401, bytes: 40 }))),
    ),
    must(
      'game: a move each 2 s, answers of various sizes',
      program('Game/2.4 (Unity)', 2, HOUR, (random) => ({
        ...{ method: 'POST', path: '/game/move', bytes: random.int(200, 900) },
      })),
    ),
    must(
      'telephone sends 200 photos, POST 201',
      program(APP, 0.5, 100, () => ({ method: 'POST', path: '/photos', status: 201, bytes: 180 })),
    ),
    must(
      'calendar: 8 collections each 5 min, 401 then 207',
      program('iOS/18.0 (22A3354) accountsd/1.0', 300, 2 * HOUR, (random) =>
        Array.from({ length: 8 }, (_, n) => {
          const asked = { method: 'PROPFIND', path: `/dav/calendars/anna/c${n}/` };
          return [
            { ...asked, status: 401, bytes: 90 },
            { ...asked, status: 207, bytes: random.int(900, 4000) },
          ];
        }).flat(),
      ),
    ),
    should(
      'thing: a measurement each second, POST 200 with 40 bytes',
      program('ESP32HTTPClient', 1, HOUR, () => ({ method: 'POST', path: '/things/data', bytes: 40 })),
    ),
    should(
      'editor over XML-RPC: 60 calls in a minute',
      program('WordPress/25.1 (iPhone; iOS 18.0)', 1, MINUTE, (random) => ({
        ...{ method: 'POST', path: '/xmlrpc.php', bytes: random.int(400, 40_000) },
      })),
    ),
    should('monitor: 3 URLs each 30 s from ten places', tenProbes),
    should('link checker of the owner: 2 pages/s', linkChecker(2), 'pages'),
    should(
      'mail of a newsletter: 100 pictures for its readers',
      program(
        'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
        0.6,
        60,
        (r) => ({
          path: `/mail/${word(r, 3)}.png`,
          bytes: r.int(900, 90_000),
        }),
      ),
    ),
    should(
      'feeds that moved: 20 of them 301, then 200, each 10 min',
      program('Tiny Tiny RSS/24.01', 600, 2 * HOUR, () =>
        Array.from({ length: 20 }, (_, n) => [
          { path: `/rss/f${n}`, status: 301, bytes: 170 },
          { path: `/feeds/f${n}`, bytes: 9000 },
        ]).flat(),
      ),
    ),
  ],
};
