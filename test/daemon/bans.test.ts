import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, banEvent, makeBans, refusedEvent, T0 } from './fixtures.ts';

const IP = '203.0.113.9';
const POSITION = { path: '/a.log', device: 1, inode: 2, offset: 345, fingerprint: 'ab', fingerprintBytes: 2 };
const REFUSAL = { target: IP, code: 'kernel_refused', message: 'no room' } as const;

test('first the row, then the firewall, then the result row, then the message', (t) => {
  const { bans, trail, since, told } = makeBans(t);
  bans.onEvents([banEvent(IP)], [POSITION]);
  assert.deepEqual(since(), [`row ban ${IP}`, 'reconcile']);
  assert.deepEqual(trail.positions(), [POSITION], 'the position is saved with the row');
  assert.equal(trail.findActiveBan(IP, T0)?.confirmed, false);
  assert.deepEqual([...bans.desired.all()], [{ target: IP, untilMs: T0 + 600_000 }]);
  bans.onResult(answer({ confirmed: [IP] }));
  assert.deepEqual(since(), [`row ban_result ${IP} ok`, 'notify ban']);
  assert.equal(trail.findActiveBan(IP, T0)?.confirmed, true);
  assert.deepEqual(told[0], { kind: 'ban', event: banEvent(IP), enforced: true, confirmed: true });
  bans.onResult(answer({ confirmed: [IP] }));
  assert.deepEqual(since(), [], 'a ban that is seen again is no news');
  assert.equal(bans.bansTotal, 1);
});

test('the results of many bans are recorded a portion at a time, and none is left out', async (t) => {
  const { bans, trail } = makeBans(t);
  const clients = Array.from({ length: 2500 }, (_, n) => `10.0.${n >>> 8}.${n & 255}`);
  bans.onEvents(
    clients.map((ip) => banEvent(ip)),
    [],
  );
  const append = t.mock.method(trail, 'append');
  await bans.onResult(answer({ confirmed: clients }));
  const counts = append.mock.calls.map(({ arguments: [drafts] }) => drafts.length);
  assert.deepEqual(counts, [500, 500, 500, 500, 500]);
  assert.ok(trail.activeBans(T0).every(({ confirmed }) => confirmed));
});

test('what changed for the firewall is named once, and looked up as it is by then', async (t) => {
  const { bans, trail } = makeBans(t);
  bans.onEvents([banEvent(IP), banEvent('203.0.113.10')], []);
  await bans.lift(trail.activeBans(T0).slice(0, 1), 'operator:anna', '');
  bans.onResult(answer({ confirmed: ['203.0.113.10'] }));
  assert.deepEqual([...bans.desired.takeChanges()].sort(), ['203.0.113.10', IP].sort());
  assert.equal(bans.desired.find(IP), undefined);
  assert.equal(bans.desired.find('203.0.113.10'), T0 + 600_000);
  assert.deepEqual([...bans.desired.takeChanges()], []);
});

test('what changed alone is named apart from what changed with many: nobody’s order waits for a list', (t) => {
  const { bans } = makeBans(t);
  const list = Array.from({ length: 30 }, (_, n) => banEvent(`10.1.0.${n}`));
  bans.onEvents(list, []);
  bans.onEvents([banEvent(IP)], []);
  const { desired } = bans;
  const taken = (['many', 'many', 'few', 'all'] as const).map((which) => [...desired.takeChanges(which)].length);
  assert.deepEqual(taken, [30, 0, 1, 0]);
});

test('a firewall that refuses: told once, and told no more when it takes the ban after all', (t) => {
  const { bans, trail, since, told } = makeBans(t);
  bans.onEvents([banEvent(IP)], []);
  since();
  bans.onResult(answer({ failed: [REFUSAL] }));
  assert.deepEqual(since(), [`row ban_result ${IP} failed: no room`, 'notify ban']);
  assert.equal(told[0]?.kind === 'ban' && told[0].confirmed, false);
  assert.equal(bans.findFailure(IP), 'no room');
  bans.onResult(answer({ failed: [REFUSAL] }));
  assert.deepEqual(since(), [], 'the same failure again is no news');
  bans.onResult(answer({ failed: [{ ...REFUSAL, message: 'set full' }] }));
  assert.deepEqual(since(), [`row ban_result ${IP} failed: set full`]);
  bans.onResult(answer({ confirmed: [IP] }));
  assert.deepEqual(since(), [`row ban_result ${IP} ok`]);
  assert.equal(bans.findFailure(IP), undefined);
  assert.equal(trail.findActiveBan(IP, T0)?.confirmed, true);
});

test('a ban ends when it is due: row, firewall, result, and one message', async (t) => {
  const { bans, clock, since } = makeBans(t);
  bans.onEvents([banEvent(IP)], []);
  bans.onResult(answer({ confirmed: [IP] }));
  since();
  clock.nowMs = T0 + 599_999;
  await bans.expireDue();
  assert.deepEqual(since(), []);
  clock.nowMs = T0 + 600_000;
  await bans.expireDue();
  assert.deepEqual(since(), [`row unban ${IP} expired`, 'reconcile', 'notify unban']);
  assert.deepEqual([...bans.desired.all()], []);
  await bans.expireDue();
  assert.deepEqual(since(), [], 'it ends once');
  bans.onResult(answer({ released: [IP] }));
  assert.deepEqual(since(), [`row unban_result ${IP} ok`]);
  assert.equal(bans.unbansTotal, 1);
});

test('the kernel ends a ban first: its end is recorded before the result', (t) => {
  const { bans, clock, since } = makeBans(t);
  bans.onEvents([banEvent(IP)], []);
  bans.onResult(answer({ confirmed: [IP] }));
  since();
  clock.nowMs = T0 + 600_000;
  bans.onResult(answer({ released: [IP] }));
  const steps = since();
  assert.ok(steps.indexOf(`row unban ${IP} expired`) < steps.indexOf(`row unban_result ${IP} ok`), steps.join());
});

test('a ban over before the firewall had it: recorded, enforced for nobody, and no message about it', async (t) => {
  const { bans, trail, clock, since } = makeBans(t);
  clock.nowMs = T0 + 3_600_000;
  bans.onEvents([banEvent(IP)], []);
  assert.deepEqual([...bans.desired.all()], []);
  await bans.expireDue();
  const steps = since();
  assert.deepEqual(
    steps.filter((step) => step !== 'reconcile'),
    [`row ban ${IP}`, `row unban ${IP} expired`],
  );
  const offences = [...trail.eachOffence(true)];
  assert.deepEqual(offences, [{ client: IP, tier: 1, lastMs: T0 + 600_000 }], 'it counts for the next tier');
});

test('a ban lifted while the firewall refused it leaves nothing behind', async (t) => {
  const { bans, trail, since } = makeBans(t);
  bans.onEvents([banEvent(IP)], []);
  bans.onResult(answer({ failed: [REFUSAL] }));
  await bans.lift(trail.activeBans(T0), 'operator:anna', 'a customer');
  since();
  assert.equal(bans.findFailure(IP), undefined);
  bans.onEvents([banEvent(IP, { tier: 2 })], []);
  bans.onResult(answer({ failed: [REFUSAL] }));
  assert.ok(since().includes(`row ban_result ${IP} failed: no room`), 'the next ban has a result of its own');
});

test('lifted and banned again before the firewall was touched: the ban stands', async (t) => {
  const { bans, trail, since } = makeBans(t);
  bans.onEvents([banEvent(IP)], []);
  bans.onResult(answer({ confirmed: [IP] }));
  await bans.lift(trail.activeBans(T0), 'operator:anna', '');
  bans.onEvents([banEvent(IP, { tier: 2 })], []);
  since();
  bans.onResult(answer({ released: [IP] }));
  assert.deepEqual(since(), [], 'no end of a ban that stands');
  bans.onResult(answer({ confirmed: [IP] }));
  assert.deepEqual(since(), [`row ban_result ${IP} ok`, 'notify ban']);
});

test('observe mode: recorded and told as would-be bans, nothing for the firewall', async (t) => {
  const { bans, trail, clock, since, told } = makeBans(t, false);
  bans.onEvents([banEvent(IP)], []);
  assert.deepEqual(since(), [`row ban ${IP} would ban (observe mode)`, 'notify ban']);
  assert.deepEqual(told[0], { kind: 'ban', event: banEvent(IP), enforced: false, confirmed: false });
  assert.deepEqual([...bans.desired.all()], []);
  assert.equal(trail.findActiveBan(IP, T0)?.enforced, false);
  assert.deepEqual([bans.desired.find(IP), ...bans.desired.takeChanges()], [undefined]);
  clock.nowMs = T0 + 600_000;
  await bans.expireDue();
  assert.deepEqual(since(), [`row unban ${IP} expired`, 'notify unban']);
});

test('refusals are recorded and not told; the fuse and the site are both', (t) => {
  const { bans, since } = makeBans(t);
  const time = new Date(T0).toISOString();
  bans.onEvents([refusedEvent('192.0.2.7')], []);
  assert.deepEqual(since(), ['row refused 192.0.2.7 allowlist: 192.0.2.0/24']);
  bans.onEvents([{ event: 'fuse', phase: 'tripped', time, reason: 'max_per_minute', detail: 'too many' }], []);
  assert.deepEqual(since(), ['row fuse null tripped: too many', 'notify fuse']);
  assert.deepEqual(bans.counts(), { bans_total: 0, unbans_total: 0, refused_total: 1 });
});

test('a tripped fuse is a row at each end, with a count, however many clients it refuses', (t) => {
  const { bans, trail, told } = makeBans(t);
  const time = new Date(T0).toISOString();
  const refused = (at: number) =>
    ({ ...refusedEvent(`203.0.113.${at % 250}`), reason: 'fuse', detail: 'tripped' }) as const;
  const fuse = { event: 'fuse', time, reason: 'max_share', detail: 'banning resumed' } as const;
  const clients = Array.from({ length: 300 }, (_, at) => refused(at));
  bans.onEvents([{ ...fuse, phase: 'tripped', detail: 'too many' }, ...clients.slice(0, 100)], []);
  bans.onEvents(clients.slice(100), []);
  bans.onEvents([{ ...fuse, phase: 'reset' }, refusedEvent('192.0.2.1')], []);
  const rows = trail.query({ limit: 100 }).map(({ action, detail }) => `${action} ${detail}`);
  assert.deepEqual(rows, [
    'fuse tripped: too many',
    'fuse reset: banning resumed; 300 bans were refused meanwhile',
    'refused allowlist: 192.0.2.0/24',
  ]);
  assert.equal(bans.refusedTotal, 301);
  const last = told.at(-1);
  assert.ok(last?.kind === 'fuse' && last.event.detail.endsWith('300 bans were refused meanwhile'));
});

test('no room for more bans is one row and a count until the next ban', (t) => {
  const { bans, trail } = makeBans(t);
  const refused = { ...refusedEvent(IP), reason: 'limit', detail: 'bans.max_active' } as const;
  bans.onEvents([refused, refused, refused], []);
  bans.onEvents([banEvent('203.0.113.10'), banEvent('203.0.113.11'), refused], []);
  const rows = trail.query({ limit: 100 }).map(({ action, detail }) => `${action} ${detail}`.trim());
  assert.deepEqual(rows, [
    'refused limit: bans.max_active',
    'trouble 2 more bans were refused while bans.max_active was reached',
    'ban',
    'ban',
    'refused limit: bans.max_active',
  ]);
});

test('each ban, each end of one and each refusal counts once, of any origin', async (t) => {
  const { bans, trail } = makeBans(t);
  const refused = { ...refusedEvent(IP), reason: 'limit', detail: 'bans.max_active' } as const;
  bans.onEvents([banEvent(IP), refused, refused, refusedEvent('192.0.2.7')], []);
  const said = { timeMs: T0, condition: 'manual', numbers: null, tier: 0, enforced: true, detail: '' } as const;
  bans.record([
    { ...said, actor: 'operator:anna', action: 'ban', client: '203.0.113.10', durationSeconds: 60 },
    { ...said, actor: 'policy@web-2', action: 'ban', client: '203.0.113.11', durationSeconds: null },
  ]);
  await bans.lift(trail.activeBans(T0).slice(0, 2), 'operator:anna', '');
  assert.deepEqual(bans.counts(), { bans_total: 3, unbans_total: 2, refused_total: 3 });
});
