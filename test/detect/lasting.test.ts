/** What goes on for long behind pages and files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, go, name, PAGE, ready } from './site.ts';

const FILES = ['/site.css', '/site.js', '/logo.png'];
const probe = (n: number): Asked => ({ path: `/probe-${name(n)}`, status: 404, referer: PAGE });

/** A page of the site, as a browser reads it. */
const read = (n: number): Asked[] => [
  { path: `/page/${name(n % 8)}`, referer: PAGE },
  ...FILES.map((path) => ({ path, referer: PAGE })),
];

test('a probe now and then among pages and files is a ban once it lasts, and is told by what it came to', () => {
  const ban = go(ready(), 400, 12, (n) => [...read(n), probe(n)]);
  assert.deepEqual([ban?.condition, ban?.points_limit], ['scan', 60]);
  assert.ok(ban && (ban.points ?? 0) > 60);
  assert.equal(ban.points_leak?.toFixed(1), '2.1', 'half of it fades in 20 minutes');
  // A link that is gone each half minute is somebody who edits the site, or the lesser half of an office.
  assert.equal(
    go(ready(), 400, 30, (n) => [...read(n), probe(n)]),
    undefined,
  );
});

test('what is not there is no new probe an hour long, however often a page asks', () => {
  assert.equal(
    go(ready(), 400, 15, (n) => [...read(n), probe(0)]),
    undefined,
  );
});
