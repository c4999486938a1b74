import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkLimit } from '../../src/detect/work-limit.ts';
import { clientBit, clientHash } from '../../src/traffic/hash.ts';

/** Points tolerated as configured, and clients that must reach more. */
const [LIMIT, PEERS] = [45, 10];
const NOON = 1_767_268_800;
const DAY = 86_400;

/** `count` visits that reach `points`, the n-th by `client(n)`. */
function visit(limit: WorkLimit, count: number, points: number, client = (n: number): number => n): void {
  for (let n = 0; n < count; n++) {
    limit.noteVisit();
    limit.noteWork(0, points, clientBit(clientHash(0xffff, client(n))));
  }
}

function limitAt(limit: WorkLimit, second: number): number {
  limit.advance(second);
  return limit.limit;
}

const fresh = (): WorkLimit => {
  const limit = new WorkLimit(LIMIT);
  limit.advance(NOON);
  return limit;
};

test('it grows to twice what many clients reach, and no further than four times', () => {
  const limit = fresh();
  visit(limit, 20, 64);
  assert.equal(limitAt(limit, NOON + 60), 128);
  visit(limit, 20, 1000);
  assert.equal(limitAt(limit, NOON + 120), 4 * LIMIT);
});

test('few visits, a small share of them, or those of one client leave it as it is', () => {
  const few = fresh();
  visit(few, PEERS - 1, 64);
  assert.equal(limitAt(few, NOON + 60), LIMIT);
  const share = fresh();
  visit(share, 20_001, 0);
  visit(share, 20, 64);
  assert.equal(limitAt(share, NOON + 60), LIMIT);
  const alone = fresh();
  visit(alone, 500, 44, () => 7);
  assert.equal(limitAt(alone, NOON + 60), LIMIT);
});

test('visits that are taken back leave it as it is', () => {
  const limit = fresh();
  for (let n = 0; n < 50; n++) {
    limit.noteVisit();
    limit.takeBack(limit.noteWork(0, 64, clientBit(clientHash(0xffff, n))));
  }
  assert.equal(limitAt(limit, NOON + 60), LIMIT);
});

test('clients count today and tomorrow, not the day after', () => {
  const limit = fresh();
  visit(limit, 100, 64);
  assert.equal(limitAt(limit, NOON + DAY), 128);
  assert.equal(limitAt(limit, NOON + 2 * DAY), LIMIT);
});

test('it outlives a restart; a state of another version is left alone', () => {
  const limit = fresh();
  visit(limit, 20, 64);
  const again = new WorkLimit(LIMIT);
  again.restore(JSON.parse(JSON.stringify(limit.snapshot())));
  assert.equal(again.limit, 128);
  assert.deepEqual(again.snapshot(), limit.snapshot());
  const other = new WorkLimit(LIMIT);
  other.restore([20, 20, 20]);
  assert.equal(other.limit, LIMIT);
});
