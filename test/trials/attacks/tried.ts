import type { Family } from '../trial.ts';
import { disguised } from './compose.ts';

/** What else was tried against the rules. */
export const TRIED: Family = {
  name: 'what was tried against the rules',
  trials: [
    ...disguised('ways up in a query', 2, 'plain', 'referer', '3 files'),
    ...disguised('records where others read', 2, 'plain', 'browser'),
  ],
};
