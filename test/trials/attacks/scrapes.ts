import type { Family } from '../trial.ts';
import { disguised } from './compose.ts';

/** Copying the site, and asking for more than it can serve. */
export const SCRAPES: Family = {
  name: 'scrapes and floods',
  trials: [
    ...disguised('scrape', 2, 'plain', 'browser', 'referer', '3 files'),
    ...disguised('scrape', 5, 'plain', 'referer', '1 file', 'reads robots.txt', 'changing agents', '8 files first'),
    ...disguised('scrape', 7, '8 files and 8 PUTs first', '40 minutes of browsing first'),
    ...disguised('scrape', 20, 'plain', 'referer', 'calls itself Googlebot', '2 pages'),
    ...disguised('scrape by PATCH', 7, 'plain', 'referer'),
    ...disguised('scrape 206', 7, 'plain', '8 files first'),
    ...disguised('dynamic path named .css', 50, 'plain', 'referer'),
    ...disguised('home page', 20, 'plain', 'referer', 'changing agents'),
    ...disguised('home page', 100, 'browser', '8 files and 8 PUTs first'),
    ...disguised('home page', 500, 'plain', 'browser'),
    ...disguised('home page?random', 20, 'plain', 'referer', '1 file'),
    ...disguised('home page?random', 100, 'browser', 'changing agents'),
    ...disguised('search', 5, 'plain', '3 files'),
    ...disguised('search', 20, 'browser', 'changing agents'),
    ...disguised('HEAD', 50, 'plain', 'browser'),
    ...disguised('OPTIONS', 50, 'plain', 'browser'),
    ...disguised('PUT refused', 50, 'plain'),
  ],
};
