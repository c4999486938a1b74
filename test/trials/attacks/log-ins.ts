import type { Family } from '../trial.ts';
import { disguised } from './compose.ts';

/** Password guessing, whatever the path is called, spelled or split over. */
export const LOG_INS: Family = {
  name: 'password guessing',
  trials: [
    ...disguised('log-in 200', 1, 'plain', 'referer', '3 files', '2 home pages', '8 files and 8 PUTs first'),
    ...disguised('log-in 200', 1, '40 minutes of browsing first', 'every 5 s', 'every 20 s'),
    ...disguised('log-in 200', 5, 'browser', 'foreign referer', '1 file', '10 files', '2 pages'),
    ...disguised('log-in 200', 5, 'calls itself Googlebot', 'changing agents'),
    ...disguised('log-in 302', 1, 'plain', 'referer', '3 files', 'every 10 s'),
    ...disguised('log-in 302', 5, 'plain', '10 files', '4 home pages'),
    ...disguised('log-in 401', 1, 'plain', 'referer', '1 file', 'every 10 s'),
    ...disguised('log-in 401', 5, 'browser', '1 home page', 'changing agents'),
    ...disguised('log-in 403', 1, 'plain', '3 files'),
    ...disguised('unknown log-in path', 1.6, 'plain', 'browser', 'referer', '3 files', '40 minutes of browsing first'),
    ...disguised('unknown log-in path', 5, 'plain', '2 home pages', '8 files and 8 PUTs first', 'every 5 s'),
    ...disguised('two log-ins in turn', 1.4, 'plain', '3 files'),
    ...disguised('log-in spelled // in turn', 1.4, 'plain', '3 files'),
    ...disguised('log-in spelled differently', 5, 'plain', 'referer', '2 pages'),
    ...disguised('basic authentication', 1, 'plain', 'every 10 s'),
    ...disguised('basic authentication', 5, 'browser', '3 files'),
    ...disguised('password in the query', 2, 'plain', 'referer', '3 files'),
    ...disguised('log-in of an API', 1, 'plain'),
    ...disguised('log-in of an API', 5, 'browser', 'changing agents', '3 files'),
  ],
};
