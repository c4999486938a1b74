import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { draftOf } from '../../src/daemon/bans/event-drafts.ts';
import { carryOutPanic, configInForce, describePanic, findPanic } from '../../src/daemon/orders/panic.ts';
import type { Notification } from '../../src/model/notification.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import { Reserve } from '../../src/record/loss/reserve.ts';
import { BLANK } from '../../src/record/row/row.ts';
import { createTrail } from '../support/direct-writer.ts';
import { temporaryFolder } from '../support/folder.ts';
import { answer, banEvent, makeBans, T0 } from './fixtures.ts';

const ANN = { operator: 'ann', reason: 'customers call' };

/** Two bans that the firewall holds, and what is done in which order. */
function make(t: TestContext, left = true, waiting = 0, config = configSchema.parse({ mode: 'enforce' })) {
  const made = makeBans(t);
  const { bans, trail, clock, since } = made;
  const reserve = new Reserve([join(temporaryFolder(t), 'panic')]);
  bans.onEvents([banEvent('203.0.113.9'), banEvent('203.0.113.10')], []);
  void bans.onResult(answer({ confirmed: ['203.0.113.9', '203.0.113.10'] }));
  since();
  const steps: string[] = [];
  const told: Notification[] = [];
  const note = (step: string) => steps.push(...since(), step);
  const ask = (end: boolean) =>
    carryOutPanic(
      { ...ANN, end },
      {
        trail,
        reserve,
        bans,
        config,
        now: () => clock.nowMs,
        leaveFirewall: async () => {
          note('leave the firewall');
          return left;
        },
        notify: (some) => {
          told.push(...some);
          note(
            `tell ${some.map((one) => (one.kind === 'panic' ? [one.phase, one.fleet].join(' ').trim() : one.kind)).join()}`,
          );
        },
        onProgress: async ({ done, of }) => void note(`nobody is blocked, ${done} of ${of} recorded`),
        waiting: () => waiting,
        restart: () => note('restart'),
      },
    );
  return { ...made, reserve, steps, told, ask };
}

test('panic: the record, then the firewall as a whole, then every ban, Slack, and a start in observe mode', async (t) => {
  const { ask, steps, trail, reserve } = make(t);
  assert.deepEqual(await ask(false), {
    ok: true,
    lifted: 2,
    message: '2 bans lifted; zban bans nobody until zban panic --end',
  });
  assert.deepEqual(steps, [
    'row panic null customers call; 2 bans lifted, nobody is banned until it is ended',
    'leave the firewall',
    'tell start',
    'nobody is blocked, 0 of 2 recorded',
    'row unban 203.0.113.9 panic: customers call',
    'row unban 203.0.113.10 panic: customers call',
    'reconcile',
    'restart',
  ]);
  assert.deepEqual(trail.activeBans(T0), []);
  const panic = findPanic({ trail, reserve });
  assert.deepEqual(panic, { since: new Date(T0).toISOString(), by: 'ann', reason: 'customers call' });
  const enforcing = configSchema.parse({ mode: 'enforce' });
  assert.equal(configInForce(enforcing, panic).mode, 'observe');
  assert.match(describePanic(panic ?? assert.fail()), /panic since .* by ann \(customers call\).*zban panic --end/);
});

test('bans that nobody was told of yet are told to be over, after them; of those of other hosts of a fleet, these tell', async (t) => {
  const { ask, steps, bans, trail } = make(t, true, 2);
  const ban = {
    ...BLANK,
    timeMs: T0,
    action: 'ban',
    condition: 'scan',
    tier: 1,
    durationSeconds: 600,
    enforced: true,
  } as const;
  bans.record([{ ...ban, actor: 'policy@web-2', client: '198.51.100.1', numbers: { origin: 'web-2' }, detail: '' }]);
  assert.equal(trail.activeBans(T0).length, 3);
  await ask(false);
  assert.deepEqual(
    steps.filter((step) => /notify|tell/.test(step)),
    ['tell start', 'notify unban', 'notify unban'],
  );
});

test('panic twice is one panic: what was banned meanwhile goes, nobody is told again', async (t) => {
  const { ask, steps, trail, reserve, bans, clock } = make(t);
  await ask(false);
  bans.onEvents([banEvent('203.0.113.11')], []);
  steps.splice(0);
  clock.nowMs += 1000;
  assert.equal((await ask(false)).lifted, 1);
  assert.deepEqual(
    steps.filter((step) => /row panic|tell|restart/.test(step)),
    [],
  );
  assert.equal(findPanic({ trail, reserve })?.since, new Date(T0).toISOString());
});

test('would-be bans are none that are lifted: both are counted apart, in the answer, the trail and the message', async (t) => {
  const { ask, steps, told, bans } = make(t);
  bans.record([draftOf(banEvent('203.0.113.11'), false) ?? assert.fail()]);
  const { lifted, message } = await ask(false);
  assert.deepEqual([lifted, message], [2, '2 bans and 1 would-be ban lifted; zban bans nobody until zban panic --end']);
  assert.match(steps.join('\n'), /2 bans and 1 would-be ban lifted, nobody is banned/);
  assert.partialDeepStrictEqual(told, [{ kind: 'panic', lifted: 2, wouldBe: 1 }]);
});

test('the end of a panic: recorded, told, and the mode of the configuration again', async (t) => {
  const { ask, steps, trail, reserve } = make(t);
  assert.deepEqual(await ask(true), { ok: true, lifted: 0, message: 'there is no panic' });
  await ask(false);
  steps.splice(0);
  assert.match((await ask(true)).message, /the panic is over/);
  assert.deepEqual(steps, ['row panic_end null customers call', 'tell end', 'restart']);
  assert.equal(findPanic({ trail, reserve }), undefined);
  const enforcing = configSchema.parse({ mode: 'enforce' });
  assert.equal(configInForce(enforcing, undefined).mode, 'enforce');
});

test('a copy of the panic that is damaged does not count, and the other one does', async (t) => {
  const { ask, trail, reserve } = make(t);
  await ask(false);
  const since = new Date(T0).toISOString();
  for (const damaged of ['{half', '7', '{"generation":9,"value":7}', '{"generation":9,"value":{"since":1}}']) {
    trail.saveState('panic', Buffer.from(damaged));
    assert.equal(findPanic({ trail, reserve })?.since, since, damaged);
  }
  await ask(true);
  reserve.write({ generation: 99, value: { since } });
  assert.equal(findPanic({ trail, reserve }), undefined);
  trail.saveState('panic', Buffer.from(JSON.stringify({ since, by: 'ann', reason: '' })));
  assert.equal(findPanic({ trail, reserve })?.since, since, 'as the database of an older version has it');
});

test('a firewall that cannot be emptied is no success', async (t) => {
  const { ask, steps } = make(t, false);
  const { ok, message } = await ask(false);
  assert.deepEqual(
    steps.filter((step) => step.startsWith('nobody')),
    [],
    'somebody may be blocked',
  );
  assert.equal(ok, false);
  assert.match(message, /2 bans lifted, but the firewall could not be emptied/);
});

test('a database that takes nothing: the reserve holds the panic, and its end; with neither, it is said', async (t) => {
  const { ask, bans, trail, reserve, database } = make(t);
  /** What the next start finds: the database as it is on disk, and the reserve. */
  const afterCrash = () =>
    findPanic({ trail: createTrail({ database, gate: new WriteGate('', () => 0), configVersion: '' }), reserve });
  database.sql.pragma('query_only = ON');
  assert.deepEqual(await ask(false), {
    ok: true,
    lifted: 2,
    message: '2 bans lifted; zban bans nobody until zban panic --end',
  });
  assert.equal(await trail.isDurable(), false);
  assert.deepEqual(bans.desired.find('203.0.113.9'), undefined);
  assert.equal(afterCrash()?.by, 'ann');
  await ask(true);
  assert.equal(afterCrash(), undefined);
  t.mock.method(reserve, 'write', () => false);
  assert.equal((await ask(false)).durable, false);
  assert.equal(findPanic({ trail, reserve })?.by, 'ann', 'it stands in memory');
});

test('a panic that an older version left in the database stands', (t) => {
  const { trail, reserve } = make(t);
  const panic = { since: new Date(T0).toISOString(), by: 'ann', reason: '' };
  trail.saveState('panic', Buffer.from(JSON.stringify(panic)));
  assert.deepEqual(findPanic({ trail, reserve }), panic);
  trail.saveState('panic', Buffer.from('null'));
  assert.equal(findPanic({ trail, reserve }), undefined);
});

test('people hear whether a panic holds on this host alone or in its fleet', async (t) => {
  const inFleet = (share: readonly string[]) =>
    make(t, true, 0, configSchema.parse({ mode: 'enforce', fleet: { url: 'redis://127.0.0.1', name: 'shop', share } }));
  const { ask, steps } = inFleet(['bans']);
  assert.match((await ask(false)).message, /zban panic --end; so do the other hosts of the fleet shop$/);
  await ask(true);
  assert.deepEqual(
    steps.filter((step) => step.startsWith('tell')),
    ['tell start shop', 'tell end shop'],
  );
  const alone = inFleet(['counts']);
  assert.match((await alone.ask(false)).message, /zban panic --end$/);
  assert.ok(alone.steps.includes('tell start'));
});
