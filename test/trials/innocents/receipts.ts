/** Pages and programs that say something again and again, and get a receipt for it. */
import { HOUR, MINUTE, type Script } from '../script.ts';
import type { Family } from '../trial.ts';
import { honest, program } from './honest.ts';

const [must, should] = [honest('must'), honest('should')];

/** An editor left open on another day than its files were loaded: WordPress asks so whether the session is still valid. */
function heartbeats(script: Script): void {
  const who = script.person();
  script.every(5, 2 * HOUR, (atS) => script.call(atS, who, { method: 'POST', path: '/desk/ajax.php', bytes: 58 }));
}

export const RECEIPTS: Family = {
  name: 'receipts',
  trials: [
    must('three editors left open: POST 200 with 58 bytes each 5 s', heartbeats),
    should(
      'counters of a page on another host: POST 200 with 45 bytes each 5 s',
      program('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 5, 40 * MINUTE, () => ({
        ...{ method: 'POST', path: '/count', bytes: 45, referer: 'https://shop.example.net/' },
      })),
    ),
  ],
};
