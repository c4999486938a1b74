/** Search engines that are what they say. */
import { GOOGLEBOT } from '../attacks/compose.ts';
import { ROBOT_NETWORK } from '../bench.ts';
import { word } from '../draw.ts';
import { HOUR, type Script, type Who } from '../script.ts';
import type { Family } from '../trial.ts';
import { honest } from './honest.ts';

const should = honest('should');

/** An address that a search engine has published as its own. */
function robot({ random }: Script): Who {
  return { ip: ROBOT_NETWORK + random.int(1, 254), agent: GOOGLEBOT };
}

/** Pages known and unknown, at `rateRps`, a share of them gone, with so many files each. */
const crawl =
  (rateRps: number, { gone = 0, files = 0 } = {}) =>
  (script: Script): void => {
    const { random, site } = script;
    const who = robot(script);
    script.send(script.startS, who, { path: '/robots.txt', bytes: 300 });
    const visit = (atS: number): void => {
      const page = random.chance(0.5) ? script.rarePage() : { path: `/item/${word(random, 4)}`, bytes: 9000 };
      script.send(atS, who, { ...page, status: random.chance(gone) ? 404 : 200 });
      for (const file of site.files.slice(0, files)) script.call(atS + 0.2, who, file);
    };
    script.every(1 / rateRps, HOUR, visit, script.startS + 2);
  };

export const ROBOTS: Family = {
  name: 'search engines',
  trials: [
    should('search engine: 0.5 pages/s', crawl(0.5)),
    should('search engine: 1 page/s', crawl(1)),
    should('search engine: 2 pages/s', crawl(2)),
    should('search engine: 0.5 pages/s, a tenth of them gone', crawl(0.5, { gone: 0.1 })),
    should('search engine: 0.5 pages/s with their files', crawl(0.5, { files: 10 }), 'files'),
    should('search engine: 36 removed pages in 40 s', (script) => {
      const who = robot(script);
      script.every(1.1, 40, (atS) => {
        script.send(atS, who, { path: `/item/${word(script.random, 4)}`, status: 404, bytes: 5200 });
      });
    }),
  ],
};
