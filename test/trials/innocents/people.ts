/** One person with a browser. */
import { word } from '../draw.ts';
import { MINUTE, type Script } from '../script.ts';
import type { Family } from '../trial.ts';
import { arrivals, honest } from './honest.ts';

const must = honest('must');

const mistypes =
  (files: number) =>
  (script: Script): void => {
    const { random, site } = script;
    const who = script.person();
    if (files > 0) script.load(script.startS, who);
    const attempt = (atS: number): void => {
      script.call(atS, who, { path: site.login });
      script.call(atS + random.int(3, 8), who, { method: 'POST', path: site.login, status: 200, bytes: 3100 });
    };
    script.every(10, 120, attempt, script.startS + 3);
  };

/** A page with so many parts that are gone, loaded again and again. */
const brokenPage =
  (parts: number, loads: number, everyS: number, pathOf: (name: string) => string, referer = true) =>
  (script: Script): void => {
    const { random, site } = script;
    const who = script.person();
    const paths = Array.from({ length: parts }, () => pathOf(word(random, 3)));
    script.every(everyS, loads * everyS - 1, (atS) => {
      script.load(atS, who);
      for (const [n, path] of paths.entries()) {
        script.send(atS + 1 + n / parts, who, { path, status: 404, bytes: 150, referer: referer ? site.referer : '' });
      }
    });
  };

/** Ten visitors of somebody else's page, which asks this site for what is not there; half of them visit this site, too. */
const driveBy =
  (perLoad: number, ask: (name: string) => { path: string; status: number; method?: string }, referer: string) =>
  (script: Script): void => {
    const { random } = script;
    const asked = Array.from({ length: perLoad }, () => ask(word(random, 3)));
    arrivals(script, 10, 15 * MINUTE, (atS) => {
      const who = script.person();
      if (random.chance(0.5)) script.browse(who, 5 * MINUTE, atS);
      for (let load = 0; load < 3; load++) {
        for (const [n, one] of asked.entries()) {
          script.send(atS + 4 * MINUTE + load * 40 + n / 20, who, { ...one, bytes: 150, referer });
        }
      }
    });
  };
const FOREIGN = 'https://evil.example/page';
const missingPicture = (name: string) => ({ path: `/img/${name}.jpg`, status: 404 });

export const PEOPLE: Family = {
  name: 'people',
  trials: [
    must('person mistypes a password 12 times in 2 min', mistypes(12), 'files'),
    must('person mistypes a password 12 times in 2 min, files cached', mistypes(0)),
    must(
      'page with 20 broken API calls, 5 times in a minute',
      brokenPage(20, 5, 12, (name) => `/api/item/${name}`),
      'files',
    ),
    must(
      'page with 60 missing pictures, 3 times',
      brokenPage(60, 3, 10, (name) => `/img/${name}.jpg`),
      'files',
    ),
    must(
      'page with 60 missing pictures, 3 times, referers withheld',
      brokenPage(60, 3, 10, (name) => `/img/${name}.jpg`, false),
      'files',
    ),
    must(
      'foreign page with 20 missing pictures of this site, 10 visitors',
      driveBy(20, missingPicture, FOREIGN),
      'files',
      'pages',
    ),
    must(
      'foreign page with 20 missing pictures of this site, 10 visitors, referers withheld',
      driveBy(20, missingPicture, ''),
      'files',
      'pages',
    ),
    must(
      'foreign page with a hidden log-in form, 10 visitors',
      (script) => {
        driveBy(5, () => ({ method: 'POST', path: script.site.login, status: 200 }), FOREIGN)(script);
      },
      'files',
      'pages',
    ),
    must(
      'foreign page with a hidden log-in form, refused, 10 visitors',
      (script) => {
        driveBy(5, () => ({ method: 'POST', path: script.site.login, status: 403 }), FOREIGN)(script);
      },
      'files',
      'pages',
    ),
    must(
      'gallery: 5 pages of 60 pictures without extension',
      (script) => {
        const { random } = script;
        const who = script.person();
        script.every(12, 60, (atS) => {
          script.load(atS, who);
          for (let n = 0; n < 60; n++) {
            script.call(atS + 1 + n / 15, who, {
              path: `/photo/${random.int(10_000, 99_999)}/view`,
              bytes: random.int(20_000, 200_000),
            });
          }
        });
      },
      'files',
    ),
    must(
      'shopper: a rare page each 3 s for 10 min, files cached',
      (script) => {
        const { random } = script;
        const who = script.person();
        script.every(3, 600, (atS) =>
          script.call(atS, who, { path: `/item/${word(random, 4)}`, bytes: random.int(9000, 30_000) }),
        );
      },
      'files',
    ),
    must(
      'reader: 40 minutes of browsing, then 30 links opened at once',
      (script) => {
        const who = script.person();
        const endS = script.browse(who, 40 * MINUTE);
        for (let n = 0; n < 30; n++) script.call(endS + n / 10, who, script.rarePage());
      },
      'files',
      'pages',
    ),
  ],
};
