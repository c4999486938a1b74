/** What goes on for hours behind honest requests, what accomplices excuse, and code in other spellings. */
import { word } from '../draw.ts';
import { HOUR, MINUTE, type Script } from '../script.ts';
import type { Family } from '../trial.ts';
import { disguised } from './compose.ts';
import { feint, scanFrom } from './networks.ts';

const PROBES_S = 12;

/** Between a page with files and the next, a probe each: slower than anything leaks that is served so well. */
function probeAmongPages(script: Script): void {
  const { random, site, startS } = script;
  const who = script.person();
  script.load(startS, who);
  for (let atS = startS + 3; atS < startS + 2 * HOUR; atS += PROBES_S) {
    const probe = { path: `/${word(random)}/${word(random)}.php`, status: 404, bytes: 560 };
    script.call(atS, who, { ...probe, attack: true });
    script.call(atS + 3, who, random.pick(site.pages));
    for (let file = 0; file < 3; file++) script.call(atS + 4 + file, who, random.pick(site.files));
  }
}

/** Fourteen whom the site has served make a popular page fail. */
function failAfterVisits(script: Script): void {
  const { site, startS } = script;
  for (let helper = 0; helper < 14; helper++) {
    const who = script.person();
    for (let page = 0; page < 8; page++) script.send(startS + helper + page, who, site.pages[page] ?? site.home);
    const fail = { ...(site.pages[0] ?? site.home), status: 500, bytes: 190 };
    script.every(8, 15 * MINUTE, (atS) => script.send(atS, who, fail), startS + helper + 20);
  }
}

export const LASTING: Family = {
  name: 'what lasts, and what others excuse',
  trials: [
    feint('a probe each 12 s between pages with their files, 2 h', 200, probeAmongPages, 'files', 'pages'),
    ...(['log-in 302', 'log-in 401', 'log-in 403'] as const).map((base) =>
      feint(`14 visitors feign an outage, then ${base}`, 30, (script) => {
        failAfterVisits(script);
        scanFrom(script, script.person(), script.startS + MINUTE, 10 * MINUTE, base);
      }),
    ),
    ...disguised('code in other spellings', 2, 'plain', 'referer', '3 files'),
  ],
};
