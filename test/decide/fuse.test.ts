import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fuse } from '../../src/decide/fuse.ts';
import { describeFuse } from '../../src/english/fuse.ts';
import { formatSecond } from '../../src/model/time.ts';
import type { BanOptions } from '../../src/settings/engine-settings.ts';
import { ENGINE } from '../support/engine.ts';
import fc from '../support/fast-check.ts';

const NOW = 1_767_225_600;
const MANY = 1_000_000;

function fuseWith(options: Partial<BanOptions>): Fuse {
  const fuse = new Fuse({ ...ENGINE.bans, ...options });
  fuse.advance(NOW);
  return fuse;
}

/** How many of `wanted` bans are admitted at one second. */
function admitted(fuse: Fuse, second: number, wanted: number, clients = MANY): number {
  let count = 0;
  for (let i = 0; i < wanted; i++) if (fuse.admit(second, clients).admitted) count++;
  return count;
}

test('more bans than max_per_minute within any 60 seconds blow it', () => {
  const fuse = fuseWith({ max_per_minute: 5 });
  assert.equal(admitted(fuse, NOW, 3), 3);
  fuse.advance(NOW + 59);
  assert.equal(admitted(fuse, NOW + 59, 2), 2);
  fuse.advance(NOW + 60);
  assert.equal(admitted(fuse, NOW + 60, 3), 3, 'the first three are a minute old');
  const { admitted: more, event } = fuse.admit(NOW + 60, MANY);
  assert.equal(more, false);
  assert.equal(event?.phase, 'tripped');
  assert.equal(event?.reason, 'max_per_minute');
  assert.match(event ? describeFuse(event) : '', /more than 5 new bans/);
});

test('it is reported once, holds, and reports when banning resumes', () => {
  const fuse = fuseWith({ max_per_minute: 1 });
  admitted(fuse, NOW, 2);
  assert.deepEqual(fuse.admit(NOW, MANY), { admitted: false });
  assert.equal(fuse.advance(NOW + 599), undefined);
  assert.deepEqual(fuse.admit(NOW + 599, MANY), { admitted: false });
  const reset = fuse.advance(NOW + 600);
  assert.deepEqual([reset?.phase, reset?.reason, reset?.time], ['reset', 'max_per_minute', '2026-01-01T00:10:00Z']);
  assert.equal(fuse.advance(NOW + 601), undefined);
  assert.equal(fuse.admit(NOW + 601, MANY).admitted, true);
});

test('a share of the clients blows it, above a least number of bans', () => {
  const options = { max_per_minute: 1000, max_share: 0.2 };
  assert.equal(admitted(fuseWith(options), NOW, 100, 40), 10, 'ten are always allowed');
  assert.equal(admitted(fuseWith(options), NOW, 100, 100), 20);
  const fuse = fuseWith(options);
  admitted(fuse, NOW, 20, 100);
  const { event } = fuse.admit(NOW, 100);
  assert.equal(event?.reason, 'max_share');
  assert.match(event ? describeFuse(event) : '', /21 new bans .* 20 % of the 100 clients/);
  assert.equal(fuse.advance(NOW + 600)?.reason, 'max_share', 'the reset names what had tripped it');
});

test('never more than max_per_minute bans in any minute, whatever comes', () => {
  const step = fc.record({ seconds: fc.oneof(fc.nat(40), fc.constant(600)), wanted: fc.nat(6) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const fuse = fuseWith({ max_per_minute: 8 });
      const bans: number[] = [];
      let now = NOW;
      for (const { seconds, wanted } of steps) {
        now += seconds;
        fuse.advance(now);
        for (let i = admitted(fuse, now, wanted); i > 0; i--) bans.push(now);
        assert.ok(bans.filter((second) => second > now - 60).length <= 8);
      }
    }),
  );
});

test('it knows when it ends, and a reset ends it at once and clears its counts', () => {
  const fuse = fuseWith({ max_per_minute: 5 });
  assert.equal(fuse.reset(NOW), undefined, 'it has not tripped');
  admitted(fuse, NOW, 5);
  const { event } = fuse.admit(NOW, MANY);
  assert.equal(event?.until, formatSecond(NOW + 600));
  assert.deepEqual(fuse.hold, { until: NOW + 600, reason: 'max_per_minute' });
  const reset = fuse.reset(NOW + 1);
  assert.deepEqual([reset?.phase, reset?.time, reset?.reason], ['reset', formatSecond(NOW + 1), 'max_per_minute']);
  assert.equal(fuse.hold, undefined);
  assert.equal(admitted(fuse, NOW + 1, 6), 5, 'as many as ever');
});

test('an engine takes over the fuse of the one before it', () => {
  const fuse = fuseWith({ max_per_minute: 5 });
  fuse.restore({ until: NOW + 60, reason: 'max_share' });
  assert.equal(fuse.admit(NOW, MANY).admitted, false);
  assert.equal(fuse.advance(NOW + 59), undefined);
  assert.equal(fuse.advance(NOW + 60)?.reason, 'max_share');
  assert.equal(fuse.admit(NOW + 60, MANY).admitted, true);
});
