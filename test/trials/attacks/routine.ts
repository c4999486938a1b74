import type { Family } from '../trial.ts';
import { disguised } from './compose.ts';

/** Attacks that look like the routine of a program, or of a crowd behind one address. */
export const ROUTINE: Family = {
  name: 'what looks like routine',
  trials: [
    ...disguised('popular pages in any order', 20, 'plain', '3 files', '8 files first'),
    ...disguised('unknown log-in path, 64 bytes', 5, 'plain', 'foreign referer', '3 files'),
  ],
};
