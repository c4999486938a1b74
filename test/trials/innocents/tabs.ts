/** Pages that call home, from a tab left open, and apps that do. */
import { word } from '../draw.ts';
import { type Asked, HOUR, type Script, type Who } from '../script.ts';
import type { Family } from '../trial.ts';
import { type Ask, honest } from './honest.ts';

const must = honest('must');

/** A tab that calls the site at an interval, after its page was loaded (unless its files are elsewhere). */
function tab(intervalS: number, ask: Ask, { loads = true, seconds = 2 * HOUR } = {}): (script: Script) => void {
  return (script) => {
    const who = script.person();
    if (loads) script.load(script.startS, who);
    const call = (atS: number, count: number): void => {
      for (const asked of [ask(script.random, count, script)].flat()) script.call(atS, who, asked);
    };
    script.every(intervalS, seconds, call, script.startS + 2);
  };
}

const elsewhere = { loads: false };
const status = (): Asked => ({ path: '/api/status', bytes: 40 });
const busted: Ask = (_random, count) => ({ path: `/api/status?_=${1_767_600_000_000 + count * 1003}`, bytes: 40 });
const post = (): Asked => ({ method: 'POST', path: '/api/poll', bytes: 20 });
const six = (): Asked[] => [...'abcdef'].map((name) => ({ path: `/api/${name}`, bytes: 200 }));

/** Calls at once with an old token, a new token, the same calls again. */
function refresh(
  script: Script,
  calls: number,
  intervalS: number,
  method: string,
  send: (atS: number, asked: Asked) => void,
): void {
  const paths = Array.from({ length: calls }, () => `/api/${word(script.random)}`);
  const again = (atS: number): void => {
    for (const path of paths) send(atS, { method, path, status: 401, bytes: 40 });
    send(atS + 1, { method: 'POST', path: '/oauth/token', bytes: 900 });
    for (const path of paths) send(atS + 2, { method, path, bytes: 700 });
  };
  script.every(intervalS, 2 * HOUR, again, script.startS + 3);
}

function refreshOfPage(script: Script): void {
  const who: Who = script.person();
  script.load(script.startS, who);
  refresh(script, 10, 300, 'GET', (atS, asked) => script.call(atS, who, asked));
}

function refreshOfApp(script: Script): void {
  const who = script.program('okhttp/4.12.0');
  refresh(script, 20, 900, 'POST', (atS, asked) => script.send(atS, who, asked));
}

const gone = (method = 'GET'): Asked => ({ method, path: '/api/gone', status: 404, bytes: 150 });
const goneBusted: Ask = (_random, count) => ({ ...gone(), path: `/api/gone?t=${1_767_600_000 + 2 * count}` });
const anHour = { seconds: HOUR };

export const TABS: Family = {
  name: 'tabs and apps that poll',
  trials: [
    must('tab polls by GET each second', tab(1, status), 'files'),
    must('tab polls by GET each second, files elsewhere', tab(1, status, elsewhere)),
    must('tab polls by GET ?_=time each second', tab(1, busted), 'files'),
    must('tab polls by GET ?_=time each second, files elsewhere', tab(1, busted, elsewhere)),
    must('tab polls by POST each second', tab(1, post), 'files'),
    must('tab polls by POST each second, files elsewhere', tab(1, post, elsewhere)),
    must('dashboard polls 6 paths each 3 s', tab(3, six), 'files'),
    must('dashboard polls 6 paths each 5 s, files elsewhere', tab(5, six, elsewhere)),
    must(
      'tab polls on after its session ended: 401 each 2 s',
      tab(2, (_random, count) => ({ path: '/api/me', status: count < 30 ? 200 : 401, bytes: 40 })),
      'files',
    ),
    must(
      'tab reopened after its session ended: 401 each 2 s',
      tab(2, () => ({ path: '/api/me', status: 401, bytes: 40 }), anHour),
      'files',
    ),
    must(
      'tab polls what is gone: GET 404 each 2 s',
      tab(2, () => gone(), anHour),
      'files',
    ),
    must('tab polls what is gone: GET ?t=time 404 each 2 s', tab(2, goneBusted, anHour), 'files'),
    must(
      'tab polls what is gone: POST 404 each 5 s',
      tab(5, () => gone('POST'), anHour),
      'files',
    ),
    must(
      'web socket reconnects each second: 502',
      tab(1, () => ({ path: '/ws', status: 502, bytes: 150 }), anHour),
      'files',
    ),
    must('token refresh of a page: 10 calls 401, again 200', refreshOfPage, 'files'),
    must('token refresh of an app: 20 calls 401, again 200', refreshOfApp),
    must(
      'film in ranges: .mp4 206, 10/s',
      tab(0.1, () => ({ path: '/v/film.mp4', status: 206, bytes: 262_144 }), { seconds: 600 }),
      'files',
    ),
    must(
      'film in ranges: /stream/12?o=…, 206, 5/s',
      tab(0.2, (_random, count) => ({ path: `/stream/12?o=${count * 65_536}`, status: 206, bytes: 65_536 }), {
        seconds: 600,
      }),
      'files',
    ),
    must(
      'film in pieces, 2/s',
      tab(0.5, (_random, count) => ({ path: `/hls/film/seg${count}.ts`, bytes: 400_000 }), { seconds: 600 }),
      'files',
    ),
    must(
      'map: 30 s of tiles /tiles/z/x/y, 40/s',
      tab(
        0.025,
        (random) => ({
          path: `/tiles/${random.int(10, 16)}/${random.int(30_000, 30_400)}/${random.int(20_000, 20_400)}`,
          bytes: random.int(900, 30_000),
        }),
        { seconds: 30 },
      ),
      'files',
    ),
    must(
      'autocompletion: 5/s for a minute',
      tab(0.2, (random) => ({ path: `/suggest?q=${word(random, 1)}`, bytes: 300 }), { seconds: 60 }),
      'files',
    ),
  ],
};
