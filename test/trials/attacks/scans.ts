import type { Family } from '../trial.ts';
import { disguised } from './compose.ts';

/** Requests for what the site does not have, however it says so. */
export const SCANS: Family = {
  name: 'scans',
  trials: [
    ...disguised('scan 404', 5, 'plain', 'browser', 'referer', 'foreign referer', '1 file', '3 files', '10 files'),
    ...disguised('scan 404', 5, '1 home page', '2 home pages', '4 home pages', '2 pages', 'calls itself Googlebot'),
    ...disguised('scan 404', 5, 'reads robots.txt', '8 files and 8 PUTs first', 'changing agents'),
    ...disguised('scan 404', 5, '40 minutes of browsing first', 'every 5 s', 'every 10 s', 'every 12 s', 'every 20 s'),
    ...disguised('scan 302', 5, 'plain', 'foreign referer', '3 files', '2 home pages', '2 pages'),
    ...disguised('scan 302', 5, 'calls itself Googlebot', '8 files and 8 PUTs first', 'changing agents', 'every 10 s'),
    ...disguised('scan 403', 5, 'plain', 'referer', '3 files', '10 files', '4 home pages', 'reads robots.txt'),
    ...disguised('soft 404', 5, 'plain', 'referer', '3 files', '1 home page', 'changing agents', 'every 10 s'),
    ...disguised(
      'scan for static names',
      9,
      'plain',
      'referer',
      'foreign referer',
      '3 files',
      'calls itself Googlebot',
    ),
    ...disguised('users by number', 5, 'plain', 'referer', '3 files'),
    ...disguised('users by number 404', 5, 'plain', '3 files'),
    ...disguised('SQL injection', 3, 'plain', 'referer', '3 files', '40 minutes of browsing first'),
    ...disguised('SQL injection, half fails', 3, 'plain', '3 files', '2 home pages'),
  ],
};
