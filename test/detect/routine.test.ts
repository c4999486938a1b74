/** What pages of the site do again and again, as short stories through the engine with the default configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, go, PAGE, ready } from './site.ts';

test('a page of the site that asks by POST, and gets other answers, asks: search as you type, queries of a page', () => {
  const ask = (n: number): Asked[] => [
    { method: 'POST', path: '/instant', size: 300 + ((n * 977) % 4000), referer: PAGE },
  ];
  assert.equal(go(ready(), 300, 0.2, ask), undefined);
  const guess = (): Asked[] => [{ method: 'POST', path: '/instant', size: 3000, referer: PAGE }];
  assert.equal(go(ready(), 300, 0.2, guess)?.condition, 'brute_force');
});
