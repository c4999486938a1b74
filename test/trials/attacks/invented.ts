import type { Family } from '../trial.ts';
import { disguised } from './compose.ts';

/** Ways to ask and to be answered that none of the others has. */
export const INVENTED: Family = {
  name: 'what nobody had tried',
  trials: [
    ...disguised('scan by HEAD 404', 5, 'plain', 'referer', '3 files'),
    ...disguised('scan by POST 405', 5, 'plain', 'referer', '3 files'),
    ...disguised('plug-ins by their icons', 5, 'plain', 'foreign referer', '3 files'),
    ...disguised('copies of pages', 5, 'plain', 'referer', '2 pages'),
    ...disguised('scan answered variously', 5, 'browser', '3 files', 'every 10 s'),
    ...disguised('scan 301, then 404', 5, 'plain', '3 files'),
    ...disguised('stolen passwords at an API', 2, 'plain', 'browser', '3 files'),
    ...disguised('log-in below a name for each account', 2, 'plain', '3 files'),
    ...disguised('log-in with a query of its own, 401', 2, 'plain', '3 files'),
    ...disguised('codes to reset a password', 2, 'plain', '3 files'),
    ...disguised('XML-RPC 403', 1, 'plain', '3 files'),
    ...disguised('log-in 422', 2, 'plain', '3 files'),
    ...disguised('people by name', 5, 'plain', 'browser', '3 files'),
  ],
};
