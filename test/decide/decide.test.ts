/** One policy: what the engine finds and what people order are decided by the same rules. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, decide, type Known, type Proposal } from '../../src/decide/decide.ts';
import { Fuse } from '../../src/decide/fuse.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { ENGINE } from '../support/engine.ts';

const NOW = 1_767_225_600_000;
const OPTIONS = { ...ENGINE.bans, max_active: 3, max_per_minute: 1, schedule: [600_000, 1_800_000, null] };
const FINDING: Proposal = { source: 'policy', hasHistory: false, isMild: false, clients: 1000 };
const ORDER: Proposal = { source: 'operator', tier: 0, untilMs: undefined, keepLonger: false };
const prefix = parsePrefix('203.0.113.9');
assert.ok(prefix);
const FREE: Known = { neverBanned: undefined, active: 0, ban: undefined };
const PROTECTED = { ...FREE, neverBanned: { prefix, kind: 'allowlist', because: 'the office' } } as const;

const said = (known: Known, proposal: Proposal): Decision => decide(known, proposal, NOW, OPTIONS);

test('nothing bans a protected client, and bans.max_active is never exceeded', () => {
  for (const proposal of [FINDING, ORDER]) {
    assert.deepEqual(said(PROTECTED, proposal), { kind: 'refused', reason: 'allowlist', because: 'the office' });
    const full = said({ ...FREE, active: 3 }, proposal);
    assert.deepEqual([full.kind, full.kind === 'refused' && full.reason], ['refused', 'limit']);
    assert.deepEqual(said(FREE, proposal), { kind: 'ban', tier: proposal === ORDER ? 0 : 1, untilMs: NOW + 600_000 });
  }
});

test('a ban that takes the place of another needs no room', () => {
  const ban = { untilMs: NOW + 60_000, isHeld: true };
  assert.equal(said({ ...FREE, active: 3, ban }, { ...ORDER, untilMs: null }).kind, 'ban');
});

test('findings get the tier after their last offence, less one for each quiet decay period', () => {
  const tierAfter = (tier: number, quietMs: number) => {
    const decision = said({ ...FREE, offence: { tier, lastMs: NOW - quietMs } }, FINDING);
    return decision.kind === 'ban' && [decision.tier, decision.untilMs];
  };
  assert.deepEqual(tierAfter(1, 0), [2, NOW + 1_800_000]);
  assert.deepEqual(tierAfter(2, 0), [3, null]);
  assert.deepEqual(tierAfter(2, OPTIONS.decay), [2, NOW + 1_800_000]);
  assert.deepEqual(
    said({ ...FREE, offence: { tier: 3, lastMs: NOW } }, ORDER),
    said(FREE, ORDER),
    'an order is no offence',
  );
});

test('a mild first offence gets the shortest ban of the schedule, wherever it stands, and says so; the next one does not', () => {
  const mild = { ...FINDING, isMild: true };
  const options = { ...OPTIONS, schedule: [3_600_000, 600_000, null] };
  assert.deepEqual(decide(FREE, mild, NOW, options), { kind: 'ban', tier: 1, untilMs: NOW + 600_000, lenient: true });
  assert.deepEqual(decide(FREE, FINDING, NOW, options), { kind: 'ban', tier: 1, untilMs: NOW + 3_600_000 });
  const again = { ...FREE, offence: { tier: 1, lastMs: NOW } };
  assert.deepEqual(decide(again, mild, NOW, OPTIONS), decide(again, FINDING, NOW, OPTIONS));
  assert.deepEqual(decide(FREE, mild, NOW, { ...OPTIONS, schedule: [null] }), { kind: 'ban', tier: 1, untilMs: null });
});

test('the fuse spares only clients with a history', () => {
  const fuse = new Fuse(OPTIONS);
  fuse.advance(NOW / 1000);
  assert.equal(said({ ...FREE, fuse }, { ...FINDING, hasHistory: true }).kind, 'ban');
  fuse.count(NOW / 1000);
  const refused = said({ ...FREE, fuse }, { ...FINDING, hasHistory: true });
  assert.deepEqual(refused.kind === 'refused' && [refused.reason, refused.fuse?.phase], ['fuse', 'tripped']);
  assert.deepEqual(said({ ...FREE, fuse }, { ...FINDING, hasHistory: true }), refused, 'to decide changes nothing');
  assert.equal(fuse.hold, undefined);
  for (const proposal of [FINDING, ORDER]) assert.equal(said({ ...FREE, fuse }, proposal).kind, 'ban');
});

test('an order that changes nothing gets an answer that says so', () => {
  const ban = { untilMs: NOW + 60_000, isHeld: true };
  const kindOf = (change: Partial<Extract<Proposal, { source: 'operator' }>>, held = ban) =>
    said({ ...FREE, ban: held }, { ...ORDER, ...change }).kind;
  assert.equal(kindOf({ untilMs: NOW }), 'unchanged', 'over already');
  assert.equal(kindOf({ untilMs: NOW + 60_000 }), 'unchanged', 'the same');
  assert.equal(kindOf({ untilMs: NOW + 60_000 }, { ...ban, isHeld: false }), 'ban', 'the firewall is asked again');
  assert.equal(kindOf({ untilMs: NOW + 30_000 }), 'ban', 'a shorter one');
  assert.equal(kindOf({ untilMs: NOW + 30_000, keepLonger: true }), 'unchanged');
  assert.equal(kindOf({ untilMs: null, keepLonger: true }), 'ban');
});
