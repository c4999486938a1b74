/**
 * The traffic thread has a ledger of bans of its own: whatever the engine, people and time do, it shuts out whom the trail
 * does, and a restart, which makes it anew, changes that and the next tier for nobody.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findOffenders } from '../../src/daemon/records/offenders.ts';
import { tierAfter } from '../../src/decide/decide.ts';
import { EngineLedger } from '../../src/decide/engine-ledger.ts';
import { unpackOffenders } from '../../src/decide/offender-table.ts';
import { formatBanKey } from '../../src/net/client-network.ts';
import { ENGINE } from '../support/engine.ts';
import fc from '../support/fast-check.ts';
import { keyOf } from '../support/keys.ts';
import { banEvent, T0 } from './fixtures.ts';
import { make } from './orders.ts';

const { bans: BANS, detection: SCHEME } = ENGINE;
const CLIENTS = ['192.0.2.1', '192.0.2.2', '192.0.2.200', '2001:db8:0:1::/64', '2001:db8:0:2::/64'];
const NETWORKS = ['192.0.2.0/24', '192.0.2.128/25', '2001:db8::/48', '198.51.100.0/22'];
const [HOUR, DAY] = [3600, 86_400];

const any = fc.constantFrom(...CLIENTS, ...NETWORKS);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('judge'), target: fc.constantFrom(...CLIENTS) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ban'),
      target: any,
      forMs: fc.constantFrom(60_000, 4 * DAY * 1000, null),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unban'), target: any }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('allow'), target: any }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait'), seconds: fc.constantFrom(1, 61, HOUR, 3 * DAY) }) },
);

/** A person makes a ban shorter, and it ends: the first one's end means nothing any more. */
const SHORTENED = [
  { kind: 'judge', target: '192.0.2.1' },
  { kind: 'ban', target: '192.0.2.1', forMs: 60_000 },
  { kind: 'wait', seconds: 61 },
] as const;

/** While a person's ban lasts, no tier decays. */
const PROLONGED = [
  { kind: 'judge', target: '192.0.2.1' },
  { kind: 'ban', target: '192.0.2.1', forMs: 4 * DAY * 1000 },
  { kind: 'wait', seconds: 3 * DAY },
  { kind: 'wait', seconds: 3 * DAY },
  { kind: 'wait', seconds: 3 * DAY },
] as const;

/** Who is shut out, and until when: also those whose last ban is said to end later than now. */
function view(ledger: EngineLedger, second: number) {
  return [...ledger.all()]
    .map((offender) => [formatBanKey(offender, SCHEME), Math.max(offender.until, offender.lastEnd)] as const)
    .filter(([, until]) => until > second)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/** What the next offence of each client would mean. */
function nextTiers(ledger: EngineLedger, second: number): number[] {
  return CLIENTS.map((client) => {
    const before = ledger.find(keyOf(client));
    return before ? tierAfter(before.tier, (second - before.lastEnd) * 1000, BANS) : 1;
  });
}

test('the ledger of the engine shuts out whom the trail does', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { bans, operator, trail, clock, tasks, order } = make(t);
      const engine = new EngineLedger(BANS, SCHEME);
      clock.nowMs = T0;
      const second = () => Math.floor(clock.nowMs / 1000);
      for (const each of steps) {
        engine.fuse.advance(second());
        if ('seconds' in each) {
          clock.nowMs += each.seconds * 1000;
          engine.expire(second());
          await bans.expireDue();
        } else if (each.kind === 'judge') {
          const key = keyOf(each.target);
          if (engine.lastEnd(key.high, key.low) > second()) continue;
          const decision = engine.decide(key, second(), 1_000_000, false);
          if (decision.kind !== 'ban') continue;
          const { tier, untilMs } = decision;
          const duration_seconds = untilMs === null ? null : untilMs / 1000 - second();
          const time = new Date(second() * 1000).toISOString();
          bans.onEvents([banEvent(each.target, { tier, duration_seconds, time })], []);
        } else if ('forMs' in each) await order([each.target], { forMs: each.forMs });
        else if (each.kind === 'unban')
          await operator.unban({ targets: [each.target], all: false, operator: 'ann', reason: '' });
        else {
          await operator.allow({ targets: [each.target], remove: false, operator: 'ann', reason: '' });
          await operator.allow({ targets: [each.target], remove: true, operator: 'ann', reason: '' });
        }
        for (const task of tasks.splice(0)) {
          if (task.kind === 'set_bans') for (const offender of unpackOffenders(task.offenders)) engine.set(offender);
          if (task.kind === 'release') for (const key of task.clients) engine.release(key, task.second);
        }
        const fresh = new EngineLedger(BANS, SCHEME);
        assert.deepEqual([...fresh.restart(unpackOffenders(findOffenders(trail, true, SCHEME, clock.nowMs)))], []);
        assert.deepEqual(view(engine, second()), view(fresh, second()));
        assert.equal(engine.active, fresh.active);
        assert.deepEqual(nextTiers(engine, second()), nextTiers(fresh, second()));
      }
    }),
    { numRuns: 30, examples: [[[...SHORTENED]], [[...PROLONGED]]] },
  );
});
