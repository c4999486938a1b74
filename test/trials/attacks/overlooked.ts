import type { Family } from '../trial.ts';
import { disguised } from './compose.ts';

/** What one who has read the rules may try: methods, answers, spellings and orders that rules may overlook. */
export const OVERLOOKED: Family = {
  name: 'what rules may overlook',
  trials: [
    ...disguised('scan 499', 5, 'plain', '3 files'),
    ...disguised('scan 503', 5, 'browser', '3 files'),
    ...disguised('scan 206', 5, 'plain', 'referer'),
    ...disguised('soft 404 of various sizes', 5, 'plain', '3 files', 'changing agents'),
    ...disguised('log-in by PUT', 1, 'plain', 'referer'),
    ...disguised('log-in by PUT 401', 1, 'plain', '3 files'),
    ...disguised('log-in by PATCH 403', 1, 'plain', '3 files'),
    ...disguised('log-in over XML-RPC', 1, 'plain', '3 files'),
    ...disguised('log-in through GraphQL', 5, 'plain', 'browser'),
    ...disguised('token refused', 2, 'plain', '3 files'),
    ...disguised('unknown log-in path 302', 2, 'plain', 'referer', '2 home pages'),
    ...disguised('unknown log-in path;parameter', 2, 'plain', '3 files'),
    ...disguised('absolute URL of a log-in', 1, 'plain', '3 files'),
    ...disguised('users by number, downwards', 5, 'plain', '3 files'),
    ...disguised('users by number, in any order', 5, 'plain', 'browser', '3 files'),
    ...disguised('authors by number 301', 2, 'plain', '3 files'),
    ...disguised('codes 404', 2, 'plain', 'referer', '3 files'),
    ...disguised('codes 403', 2, 'plain', 'referer', '3 files'),
  ],
};
