/** People and programs that something was taken away from, or who ask for what they have. */
import { word } from '../draw.ts';
import { HOUR, MINUTE, type Script } from '../script.ts';
import type { Family } from '../trial.ts';
import { arrivals, honest, program } from './honest.ts';

const [must, should] = [honest('must'), honest('should')];

/** Pages that were made before an update ask for scripts that it removed. */
const updated =
  (scripts: number, loads: number) =>
  (script: Script): void => {
    const removed = Array.from({ length: scripts }, () => `/assets/${word(script.random, 4)}.js`);
    arrivals(script, 60, 10 * MINUTE, (atS) => {
      const who = script.person();
      for (let load = 0; load < loads; load++) {
        script.load(atS + 4 * load, who);
        for (const [n, path] of removed.entries())
          script.call(atS + 4 * load + 1 + n / 30, who, { path, status: 404, bytes: 150 });
      }
    });
  };

function longPoll(script: Script): void {
  const who = script.person();
  script.load(script.startS, who);
  script.every(0.5, 5 * MINUTE, (atS, count) =>
    script.call(atS + 1, who, { path: `/events?since=${1000 + count}`, bytes: 60 }),
  );
}

export const CONFUSED: Family = {
  name: 'the confused',
  trials: [
    must('update: 30 scripts 404, 60 people', updated(30, 1), 'files'),
    must('update: 30 scripts 404, 60 people, three loads', updated(30, 3), 'files'),
    must('tab polls by a counter, 2/s, answers alike', longPoll, 'files'),
    should(
      'mail programs of an office: POST 404 each 15 s',
      program('Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)', 15, HOUR, () => ({
        ...{ method: 'POST', path: '/autodiscover/autodiscover.xml', status: 404, bytes: 150 },
      })),
    ),
    should(
      'webhooks to an address that is gone: POST 410 each 30 s',
      program('Stripe/1.0', 30, HOUR, () => ({ method: 'POST', path: '/hooks/old', status: 410, bytes: 90 })),
    ),
    should(
      'composer: 40 packages in 5 s, 304',
      program('Composer/2.7', 0.12, 5, (random) => ({
        ...{ path: `/p2/${word(random)}/${word(random)}.json`, status: 304, bytes: 0 },
      })),
    ),
    should(
      'feed reader that nobody told: 403 each minute',
      program('FreshRSS/1.24', MINUTE, 2 * HOUR, () => ({ path: '/feed/', status: 403, bytes: 150 })),
    ),
  ],
};
