/** What other hosts decided, judged here: protections, mode, fuse and people's releases have the last word; people hear of it elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { findOrigin } from '../../src/daemon/bans/origin.ts';
import { Proposals } from '../../src/daemon/fleet/fleet-proposals.ts';
import { readSaved, STATE_KEY } from '../../src/daemon/fleet/fleet-state.ts';
import { stateOf } from '../../src/daemon/saved-state.ts';
import { T0 } from '../daemon/fixtures.ts';
import { AHEAD_MS, make, order } from './proposing.ts';

test('what the database has of a fleet counts as nothing when it is damaged', () => {
  const saved = { epoch: 'e', lastId: '1-0', sent: 7, hosts: ['web-2'], aheadMs: 300, panicMs: 5, enforce: false };
  assert.deepEqual(readSaved(stateOf(STATE_KEY, saved)[STATE_KEY]), saved);
  for (const damaged of [
    '{half',
    'null',
    '[]',
    '{}',
    JSON.stringify({ ...saved, sent: '7' }),
    JSON.stringify({ ...saved, hosts: [1] }),
    JSON.stringify({ ...saved, enforce: undefined }),
  ])
    assert.equal(readSaved(Buffer.from(damaged)), undefined, damaged);
});

test('a ban is recorded with its origin and its times by this clock, and nobody is told, neither then nor when it ends', async (t) => {
  const { apply, trail, bans, clock, told, sent } = make(t);
  await apply(order());
  const ban = trail.findActiveBan('203.0.113.9', T0);
  assert.equal(ban?.actor, 'policy@web-1');
  assert.equal(ban?.tier, 2);
  assert.deepEqual([ban?.sinceMs, ban?.untilMs], [T0, T0 + 600_000]);
  assert.equal(ban && findOrigin(ban), 'web-1');
  assert.ok(
    sent.some(({ kind }) => kind === 'set_bans'),
    'the engine knows it',
  );
  clock.nowMs = T0 + 600_001;
  await bans.expireDue();
  assert.deepEqual(told, []);
  assert.deepEqual(trail.activeBans(clock.nowMs), []);
});

test('said again, or by a second host a moment later, it makes no second row; a later end does', async (t) => {
  const { apply, rows } = make(t);
  await apply(order(), order(), order({ host: 'web-2', untilMs: T0 + 603_000 + AHEAD_MS }));
  await apply(order());
  assert.equal(rows().length, 1);
  await apply(order({ untilMs: null }));
  assert.equal(rows().length, 1);
});

test('protected addresses and a tripped fuse refuse, once each; a person passes the fuse', async (t) => {
  const { apply, rows, trail, fuse } = make(t, { admitted: false });
  const office = order({ target: '198.51.100.7', actor: 'operator:anna' });
  await apply(office, order());
  await apply(office, order());
  // Longer and longer bans of one protected address fill no trail.
  for (let n = 1; n <= 3; n++) await apply({ ...office, untilMs: (office.untilMs ?? 0) + n * 60_000 });
  assert.deepEqual(rows(), [
    'row refused 198.51.100.7 allowlist: office',
    'row refused 203.0.113.9 fuse: the fuse had tripped after too many bans at once',
  ]);
  await apply(order({ actor: 'operator:anna', target: '203.0.113.10' }));
  assert.equal(trail.findActiveBan('203.0.113.10', T0)?.actor, 'operator:anna@web-1');
  fuse.admitted = true;
  await apply(order());
  assert.ok(trail.findActiveBan('203.0.113.9', T0), 'said again once the fuse is reset, it counts');
});

test('observe mode stays observe', async (t) => {
  const { apply, trail } = make(t, { enforce: false });
  await apply(order());
  assert.equal(trail.findActiveBan('203.0.113.9', T0)?.enforced, false);
});

test('what observe mode noted is enforced by a host that enforces again, once', async (t) => {
  const { apply, trail, options } = make(t, { enforce: false });
  await apply(order());
  const next = new Proposals({ ...options, config: configSchema.parse({ mode: 'enforce' }) });
  await next.apply([order(), order()], AHEAD_MS, {});
  await next.apply([order()], AHEAD_MS, {});
  assert.equal(trail.findActiveBan('203.0.113.9', T0)?.enforced, true);
  assert.deepEqual(
    trail.query({ action: 'ban', limit: 9 }).map(({ enforced }) => enforced),
    [false, true],
  );
});

test('a person who releases wins over bans decided before, whichever comes first, and not over later ones', async (t) => {
  const { apply, trail } = make(t);
  const release = order({ kind: 'unban', actor: 'operator:anna', host: 'web-2', atMs: T0 + AHEAD_MS + 5000 });
  await apply(order(), release);
  assert.equal(trail.findActiveBan('203.0.113.9', T0), undefined);
  await apply(order({ host: 'web-3', untilMs: null }));
  assert.equal(trail.findActiveBan('203.0.113.9', T0), undefined, 'a partition heals: it was decided before');
  await apply(order({ atMs: T0 + AHEAD_MS + 6000, untilMs: null }));
  assert.ok(trail.findActiveBan('203.0.113.9', T0));
});

test('many releases in a row are one look through the bans, each by who said it, and a ban among them keeps its place', async (t) => {
  const { apply, trail, rows } = make(t);
  const looks = t.mock.method(trail, 'activeClients').mock;
  const targets = Array.from({ length: 300 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
  const release = (target: string, actor = 'operator:anna') =>
    order({ kind: 'unban', actor, target, atMs: T0 + AHEAD_MS + 1000 });
  await apply(
    ...targets.map((target) => order({ target })),
    ...targets.map((target, n) => release(target, n % 2 ? 'operator:bob' : undefined)),
  );
  assert.deepEqual(trail.activeBans(T0), []);
  assert.equal(looks.callCount(), 1);
  assert.equal(rows().filter((row) => row.includes('unban')).length, 300);
  const actors = trail.query({ action: 'unban', limit: 1000 }).map(({ actor }) => actor);
  assert.deepEqual([...new Set(actors)].sort(), ['operator:anna@web-1', 'operator:bob@web-1']);
  const [target] = targets as [string];
  await apply(
    order({ target, atMs: T0 + AHEAD_MS + 2000 }),
    order({ ...release(target), atMs: T0 + AHEAD_MS + 3000 }),
    order({ target, atMs: T0 + AHEAD_MS + 4000 }),
  );
  assert.equal(trail.activeBans(T0).length, 1);
});

test('a release by a clock that is years ahead ends what there is, and no ban that comes later', async (t) => {
  const { apply, trail, clock } = make(t);
  const release = order({ kind: 'unban', actor: 'operator:anna', host: 'web-2', atMs: T0 + 1e12 });
  await apply(order(), release);
  assert.equal(trail.findActiveBan('203.0.113.9', T0), undefined);
  clock.nowMs = T0 + 5000;
  await apply(order({ atMs: T0 + AHEAD_MS + 4000 }));
  assert.ok(trail.findActiveBan('203.0.113.9', clock.nowMs));
});

test('a panic and its end are carried out once, though each makes a new instance that hears of both again', async (t) => {
  const { apply, proposals, options, panics } = make(t);
  const personal = { actor: 'operator:anna', target: '', untilMs: null };
  const panic = order({ ...personal, kind: 'panic' });
  const end = order({ ...personal, kind: 'panic_end', atMs: panic.atMs + 1000 });
  await apply(panic, end);
  const asked = () => panics.map(({ request }) => request.end);
  assert.deepEqual(asked(), [false, true]);
  const next = new Proposals(options, proposals.panicMs);
  await next.apply([panic, end], AHEAD_MS, {});
  assert.deepEqual(asked(), [false, true]);
  await next.apply([{ ...panic, atMs: end.atMs + 1000 }], AHEAD_MS, {});
  assert.deepEqual(asked(), [false, true, false]);
});

test('entries of other hosts fill no allowlist without end', async (t) => {
  const { apply, trail, rows } = make(t);
  const allowed = Array.from({ length: 10_000 }, (_, n) => ({
    ...{ entry: `host-${n}.example`, sinceMs: T0, actor: 'operator:anna' as const, reason: '', auditId: 1 },
  }));
  t.mock.method(trail, 'allowed', () => allowed);
  await apply(order({ kind: 'allow', actor: 'operator:anna', target: '192.0.2.0/24' }));
  assert.deepEqual(rows(), ['row refused 192.0.2.0/24 limit: 10000 entries are allowed already']);
});

test('only the hosts of accept_from are listened to', async (t) => {
  const { apply, proposals, rows } = make(t, { acceptFrom: ['web-2'] });
  await apply(order());
  assert.deepEqual([rows(), proposals.unheard], [[], 1]);
  await apply(order({ host: 'web-2' }));
  assert.equal(rows().length, 1);
});

test('the firewall gets bans of which more are coming at once, with the last of them or after half a second', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { proposals, firewall } = make(t);
  const targets = (count: number, net: number) =>
    Array.from({ length: count }, (_, n) => order({ target: `10.${net}.${n >> 8}.${n & 255}` }));
  await proposals.apply(targets(1500, 1), AHEAD_MS, {}, true);
  await proposals.apply(targets(30, 2), AHEAD_MS, {}, true);
  assert.equal(firewall.length, 0);
  t.mock.timers.tick(500);
  assert.equal(firewall.length, 1, 'nobody waits for a fleet that decides without end');
  await proposals.apply(targets(30, 3), AHEAD_MS, {}, true);
  await proposals.apply([], AHEAD_MS, {});
  assert.equal(firewall.length, 2, 'the last bring no ban');
  t.mock.timers.tick(500);
  assert.equal(firewall.length, 2);
  await proposals.apply(targets(1, 4), AHEAD_MS, {}, true);
  assert.equal(firewall.length, 3, 'a few do not wait for many');
});

test('the firewall is asked about many bans once none came for two seconds, about a few at once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { apply, firewall } = make(t);
  const many = (net: number) => apply(...Array.from({ length: 30 }, (_, n) => order({ target: `10.${net}.0.${n}` })));
  await many(1);
  t.mock.timers.tick(1999);
  await many(2);
  t.mock.timers.tick(1999);
  assert.deepEqual(firewall.splice(0), ['gets', 'gets']);
  t.mock.timers.tick(1);
  assert.deepEqual(firewall.splice(0), ['gets, is asked']);
  t.mock.timers.tick(10_000);
  await apply(order({ target: '10.3.0.1' }));
  assert.deepEqual(firewall, ['gets, is asked']);
});
