/** What happens to everybody. */
import type { AccessEvent } from '../../../src/simulate/access-event.ts';
import { ipv4 } from '../draw.ts';
import { HOUR, MINUTE, type Script } from '../script.ts';
import type { Family, Play } from '../trial.ts';
import { arrivals, honest } from './honest.ts';
import { visits } from './shared.ts';

const must = honest('must');
const STATIC = /\.(css|js|png|jpe?g|svg|ico|webp|woff2?)(\?|$)/;

const isFile = ({ path }: AccessEvent): boolean => STATIC.test(path);
const isPage = (event: AccessEvent): boolean =>
  !isFile(event) && event.status === 200 && event.method === 'GET' && event.path.length > 1;

type Change = (event: AccessEvent, script: Script) => readonly AccessEvent[] | undefined;

const changes =
  (seconds: number, by: Change) =>
  (script: Script): Play['change'] => ({
    fromS: script.startS,
    toS: script.startS + seconds,
    by: (event) => by(event, script),
  });
const answers = (seconds: number, status: number, which: (event: AccessEvent) => boolean = () => true) =>
  changes(seconds, (event) => (which(event) ? [{ ...event, status, responseBytes: 560 }] : undefined));

/** Visits that took place, from one address, some of them while the site answers everybody with this status for ten minutes. */
const behindOneAddress =
  (people: number, seconds: number, status: number) =>
  (script: Script): Play['change'] => {
    const ip = ipv4(script.random);
    visits(script, people, seconds, () => ip);
    const { requests, startS } = script;
    const fails = (atS: number) => atS >= startS && atS < startS + 10 * MINUTE;
    for (const [at, sent] of requests.entries()) if (fails(sent.atS)) requests[at] = { ...sent, status, bytes: 560 };
    return answers(10 * MINUTE, status)(script);
  };

/** Visitors from elsewhere of one new page, with all its files. */
const crowd =
  (people: number, seconds: number, shared: boolean) =>
  (script: Script): void => {
    const { random } = script;
    const gateway = ipv4(random);
    arrivals(script, people, seconds, (atS) => {
      const referer = random.pick(['https://news.example/', 'https://t.co/', 'https://www.google.com/']);
      const who = script.person(shared ? gateway : ipv4(random));
      script.load(atS, who, { path: '/viral-story', bytes: 24_000, referer });
    });
  };

const threeTimes: Change = (event) =>
  [0, 1000, 2000].map((late) => ({ ...event, timeMs: event.timeMs + late, status: 502, responseBytes: 560 }));
const moved: Change = (event) =>
  isPage(event)
    ? [
        { ...event, status: 301, responseBytes: 170 },
        { ...event, path: `/new${event.path}` },
      ]
    : undefined;
const toLogin: Change = (event, { site }) =>
  isPage(event)
    ? [
        { ...event, status: 302, responseBytes: 0 },
        { ...event, path: site.login, responseBytes: 3100 },
      ]
    : undefined;
const fontMissing: Change = (event, { site }) => {
  const referer = `https://${site.host}${event.path}`;
  const font = { ...event, path: '/fonts/brand.woff2', status: 404, responseBytes: 150, referer };
  return isPage(event) ? [event, font] : undefined;
};

export const WHOLE_SITE: Family = {
  name: 'the whole site',
  trials: [
    must('broken deploy: files 404 for 10 min', answers(10 * MINUTE, 404, isFile), 'files'),
    must('outage: 502 for 10 min', answers(10 * MINUTE, 502)),
    must('outage: 502 for 2 h', answers(2 * HOUR, 502)),
    must('outage: 502 for 10 min, everybody tries 3 times', changes(10 * MINUTE, threeTimes)),
    must('outage: 502 for 10 min, 500 people behind one address within 1 h', behindOneAddress(500, HOUR, 502)),
    must('404 for all for 10 min, 200 people behind one address within 1 h', behindOneAddress(200, HOUR, 404)),
    must('403 for all for 10 min', answers(10 * MINUTE, 403)),
    must('404 for all for 10 min', answers(10 * MINUTE, 404)),
    must('moved: every page 301 to its new place, for 3 h', changes(3 * HOUR, moved)),
    must('every page 302 to the log-in for 10 min', changes(10 * MINUTE, toLogin)),
    must('web font missing on every page for 3 h', changes(3 * HOUR, fontMissing), 'files'),
    must('flash crowd: 2,000 visitors of a new page in 10 min', crowd(2000, 600, false), 'files'),
    must('flash crowd behind one carrier address: 300 in 10 min', crowd(300, 600, true), 'files'),
  ],
};
