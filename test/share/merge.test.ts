/** Decisions of several hosts become one, in whatever order they arrive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Prefix } from '../../src/net/prefix.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { findIdle, isCovered, Releases, SAME_END_MS } from '../../src/share/merge.ts';

const prefix = (text: string) => parsePrefix(text) as Prefix;
const known = { nowMs: 1000, activeUntilMs: undefined, releases: new Releases() };

test('of two bans the later end holds; ends a moment apart are one ban', () => {
  assert.ok(isCovered(60_000, null));
  assert.ok(isCovered(60_000, 60_000 - SAME_END_MS));
  assert.ok(!isCovered(60_001, 60_000 - SAME_END_MS));
  assert.ok(!isCovered(null, 60_000));
  assert.equal(
    findIdle({ atMs: 0, untilMs: 90_000 }, prefix('192.0.2.1'), { ...known, activeUntilMs: 60_000 }),
    undefined,
  );
  assert.equal(
    findIdle({ atMs: 0, untilMs: 60_000 }, prefix('192.0.2.1'), { ...known, activeUntilMs: 90_000 }),
    'covered',
  );
  assert.equal(findIdle({ atMs: 0, untilMs: 1000 }, prefix('192.0.2.1'), known), 'over');
});

test('a release by a person ends what was decided before it, however late that arrives, and nothing later', () => {
  const releases = new Releases();
  assert.ok(releases.note('192.0.2.1', 500));
  assert.ok(!releases.note('192.0.2.1', 400), 'an older release is no news');
  const ban = { untilMs: null };
  assert.equal(findIdle({ ...ban, atMs: 500 }, prefix('192.0.2.1'), { ...known, releases }), 'released');
  assert.equal(findIdle({ ...ban, atMs: 501 }, prefix('192.0.2.1'), { ...known, releases }), undefined);
  assert.equal(findIdle({ ...ban, atMs: 400 }, prefix('192.0.2.2'), { ...known, releases }), undefined);
});

test('a release holds for wider bans and for narrower ones, as zban unban does', () => {
  const releases = new Releases();
  releases.note('192.0.2.1', 500);
  releases.note('2001:db8::/32', 500);
  assert.ok(releases.ends(prefix('192.0.2.0/24'), 400));
  assert.ok(releases.ends(prefix('2001:db8:1::/64'), 400));
  assert.ok(!releases.ends(prefix('198.51.100.0/24'), 400));
});

test('the newest releases are remembered', () => {
  const releases = new Releases();
  for (let n = 0; n < 10_100; n++) releases.note(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, 500);
  assert.ok(!releases.ends(prefix('10.0.0.0'), 400));
  assert.ok(releases.ends(prefix('10.0.39.115'), 400));
});
