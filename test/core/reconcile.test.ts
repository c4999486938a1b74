import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  endsOf,
  isDue,
  type KernelBan,
  type Operation,
  planReconcile as planEnds,
  reachableEnd,
  sameEnd,
} from '../../src/core/reconcile.ts';

const NOW_MS = 1_800_000_000_000;
const TOLERANCE_MS = 2000;

const target = fc.integer({ min: 0, max: 30 }).map((host) => `192.0.2.${host}`);
const untilMs = fc.option(fc.integer({ min: NOW_MS - 10_000, max: NOW_MS + 60_000 }), { nil: null });
const bans = fc.uniqueArray(fc.record({ target, untilMs }), { maxLength: 30, selector: (ban) => ban.target });

function planReconcile(desired: KernelBan[], actual: KernelBan[], nowMs: number, toleranceMs: number): Operation[] {
  return planEnds(endsOf(desired), endsOf(actual), nowMs, toleranceMs);
}

function applyToModel(actual: readonly KernelBan[], operations: readonly Operation[]): KernelBan[] {
  const table = new Map(actual.map((ban) => [ban.target, ban]));
  for (const operation of operations) {
    if (operation.kind === 'remove') table.delete(operation.target);
    else table.set(operation.ban.target, operation.ban);
  }
  return [...table.values()];
}

test('applying a plan makes the table what it should be, within the tolerance, and needs no second plan', () => {
  fc.assert(
    fc.property(bans, bans, (desired, actual) => {
      const after = applyToModel(actual, planReconcile(desired, actual, NOW_MS, TOLERANCE_MS));
      const due = desired.filter((ban) => isDue(ban.untilMs, NOW_MS));
      assert.deepEqual(after.map((ban) => ban.target).sort(), due.map((ban) => ban.target).sort());
      for (const ban of due) {
        const listed = after.find((entry) => entry.target === ban.target);
        assert.ok(listed && sameEnd(listed.untilMs, ban.untilMs, TOLERANCE_MS));
      }
      assert.deepEqual(planReconcile(desired, after, NOW_MS, TOLERANCE_MS), []);
    }),
  );
});

test('the plan touches no ban that already stands as it should', () => {
  fc.assert(
    fc.property(bans, fc.integer({ min: -TOLERANCE_MS, max: TOLERANCE_MS }), (desired, skewMs) => {
      const actual = desired
        .filter((ban) => isDue(ban.untilMs, NOW_MS))
        .map((ban) => ({ ...ban, untilMs: ban.untilMs === null ? null : ban.untilMs + skewMs }));
      assert.deepEqual(planReconcile(desired, actual, NOW_MS, TOLERANCE_MS), []);
    }),
  );
});

test('every target appears in at most one operation, removals first', () => {
  fc.assert(
    fc.property(bans, bans, (desired, actual) => {
      const operations = planReconcile(desired, actual, NOW_MS, TOLERANCE_MS);
      const targets = operations.map((operation) =>
        operation.kind === 'add' ? operation.ban.target : operation.target,
      );
      assert.equal(new Set(targets).size, targets.length);
      const firstAddition = operations.findIndex((operation) => operation.kind === 'add');
      const afterIt = firstAddition < 0 ? [] : operations.slice(firstAddition);
      assert.ok(afterIt.every((operation) => operation.kind === 'add'));
    }),
  );
});

test('a ban that ends exactly now is removed, one millisecond later it stays', () => {
  const actual = [{ target: '192.0.2.1', untilMs: NOW_MS }];
  assert.deepEqual(planReconcile(actual, actual, NOW_MS, TOLERANCE_MS), [{ kind: 'remove', target: '192.0.2.1' }]);
  assert.deepEqual(planReconcile(actual, actual, NOW_MS - 1, TOLERANCE_MS), []);
});

test('timed and permanent are never the same end', () => {
  const permanent = { target: '192.0.2.1', untilMs: null };
  const timed = { target: '192.0.2.1', untilMs: NOW_MS + 1000 };
  assert.deepEqual(planReconcile([permanent], [timed], NOW_MS, 1e15), [{ kind: 'add', ban: permanent }]);
  assert.deepEqual(planReconcile([timed], [permanent], NOW_MS, 1e15), [{ kind: 'add', ban: timed }]);
});

test('a target desired twice follows its last entry', () => {
  const first = { target: '192.0.2.1', untilMs: NOW_MS + 5000 };
  const ended = { target: '192.0.2.1', untilMs: NOW_MS - 1 };
  assert.deepEqual(planReconcile([first, ended], [], NOW_MS, TOLERANCE_MS), []);
  assert.deepEqual(planReconcile([ended, first], [], NOW_MS, TOLERANCE_MS), [{ kind: 'add', ban: first }]);
});

test('an end beyond what the kernel can hold is cut to within its reach, at least a day ahead, and moves on daily', () => {
  const [longestMs, dayMs] = [24 * 86_400_000, 86_400_000];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * dayMs }), fc.integer({ min: 0, max: dayMs - 1 }), (leftMs, laterMs) => {
      const cut = reachableEnd(NOW_MS + leftMs, NOW_MS, longestMs);
      assert.ok(cut !== null && cut <= NOW_MS + longestMs && cut <= NOW_MS + leftMs);
      if (leftMs <= longestMs) assert.equal(cut, NOW_MS + leftMs);
      else assert.ok(cut >= NOW_MS + longestMs - 2 * dayMs);
      const midnightMs = Math.floor(NOW_MS / dayMs) * dayMs;
      const farMs = NOW_MS + 400 * dayMs;
      assert.equal(reachableEnd(farMs, midnightMs, longestMs), reachableEnd(farMs, midnightMs + laterMs, longestMs));
    }),
  );
  assert.equal(reachableEnd(null, NOW_MS, longestMs), null);
});
