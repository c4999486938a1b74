/** Random histories against a model that recounts them from the beginning. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import type { AuditDraft, Offence } from '../../src/model/audit.ts';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import fc from '../support/fast-check.ts';
import { afterwards, ban, draft, openTrail, T0 } from './examples.ts';

type Step =
  | { readonly kind: 'rows'; readonly drafts: readonly AuditDraft[] }
  | { readonly kind: 'expire' | 'prune' | 'reopen' | 'lock' | 'release' };

const client = fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.0/24', '2001:db8::/64');
const actor = fc.constantFrom('policy' as const, 'operator:ann' as const);
const row = fc.oneof(
  fc
    .record({ client, actor, tier: fc.nat(3), seconds: fc.constantFrom(5, 60, null), enforced: fc.boolean() })
    .map((it) =>
      ban(it.client, { actor: it.actor, tier: it.tier, durationSeconds: it.seconds, enforced: it.enforced }),
    ),
  client.map((it) => draft('unban', it)),
  fc
    .record({ client, ok: fc.boolean() })
    .map((it) => draft('ban_result', it.client, { detail: it.ok ? 'ok' : 'failed' })),
  client.map((it) => draft('allow', it)),
  client.map((it) => draft('disallow', it)),
  fc.constant(draft('start', null)),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.array(row, { maxLength: 4 }).map((drafts) => ({ kind: 'rows', drafts }) as const) },
  fc.constantFrom('expire', 'prune', 'reopen', 'lock', 'release').map((kind) => ({ kind }) as Step),
);

/** Reads the whole history anew for every question. */
class Model {
  readonly history: AuditDraft[] = [];

  bans() {
    const found = new Map<string, { draft: AuditDraft; untilMs: number; confirmed: boolean }>();
    for (const it of this.history) {
      const name = it.client ?? '';
      const before = found.get(name);
      if (it.action === 'ban') {
        const real = before?.draft.enforced === true && before.untilMs > it.timeMs;
        const untilMs = it.timeMs + (it.durationSeconds ?? Number.POSITIVE_INFINITY) * 1000;
        if (it.enforced || !real) found.set(name, { draft: it, untilMs, confirmed: false });
      }
      if (it.action === 'unban') found.delete(name);
      if (it.action === 'ban_result' && before?.draft.enforced) before.confirmed = it.detail === 'ok';
    }
    return found;
  }

  bansAt(nowMs: number) {
    return [...this.bans()]
      .filter(([, { untilMs }]) => untilMs > nowMs)
      .map(([name, { draft: it, untilMs, confirmed }]) => ({
        name,
        tier: it.tier,
        enforced: it.enforced,
        confirmed,
        untilMs: untilMs === Number.POSITIVE_INFINITY ? null : untilMs,
      }))
      .sort(byName);
  }

  offences(enforced: boolean): Offence[] {
    const found = new Map<string, Offence>();
    for (const [index, it] of this.history.entries()) {
      const name = it.client ?? '';
      const tier = it.tier || found.get(name)?.tier;
      if (it.action === 'ban' && tier && it.enforced === enforced) {
        found.set(name, { client: name, tier, lastMs: it.timeMs + (it.durationSeconds ?? 0) * 1000 });
      }
      if (it.action !== 'unban') continue;
      const past = new Model();
      past.history.push(...this.history.slice(0, index));
      const ended = past.bans().get(name);
      const offence = found.get(name);
      if (!offence || ended?.draft.enforced !== enforced) continue;
      found.set(name, { ...offence, lastMs: Math.min(it.timeMs, ended.untilMs) });
    }
    return [...found.values()].sort((a, b) => (a.client < b.client ? -1 : 1));
  }

  allowed(): string[] {
    const found = new Set<string>();
    for (const it of this.history) {
      if (it.action === 'allow') found.add(it.client ?? '');
      if (it.action === 'disallow') found.delete(it.client ?? '');
    }
    return [...found].sort();
  }
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

test('whatever happens, the picture is what a recount of the history says, and the chain is whole', (t) => {
  const property = fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
    let opened = openTrail(t);
    const model = new Model();
    let other: BetterSqlite3.Database | undefined;
    let nowMs = T0;
    let pruneRows = 0;
    const release = () => {
      other?.close();
      other = undefined;
      opened.clock.ms += 5000;
      opened.trail.retry();
    };
    const append = (drafts: readonly AuditDraft[]) => {
      const timed = drafts.map((it, index) => ({ ...it, timeMs: nowMs + 1000 * (index + 1) }));
      nowMs += 1000 * drafts.length;
      opened.trail.append(timed);
      model.history.push(...timed);
    };
    const run = (it: Step) => {
      if (it.kind === 'rows') append(it.drafts);
      else if (it.kind === 'expire') {
        const due = opened.trail.dueBans(nowMs).map((one) => one.client);
        assert.deepEqual(
          [...due].sort(),
          [...model.bans()].flatMap(([name, { untilMs }]) => (untilMs <= nowMs ? [name] : [])).sort(),
        );
        append(due.map((name) => draft('unban', name, { detail: 'expired' })));
      } else if (it.kind === 'lock' && !other) {
        other = new BetterSqlite3(opened.path);
        other.exec('BEGIN IMMEDIATE');
      } else if (it.kind === 'release') release();
      else if (it.kind === 'prune' && !other) {
        const { id } = opened.trail.head;
        void opened.trail.prune({ nowMs, beforeMs: nowMs - 7000, offencesBeforeMs: 0 });
        pruneRows += opened.trail.head.id - id;
      } else if (it.kind === 'reopen' && !other) {
        opened.database.close();
        opened = openTrail(t, opened.path);
      }
      const { trail } = opened;
      const bans = trail.activeBans(nowMs).map(({ client: name, tier, enforced, confirmed, untilMs }) => ({
        name,
        tier,
        enforced,
        confirmed,
        untilMs,
      }));
      assert.deepEqual(bans.sort(byName), model.bansAt(nowMs));
      for (const enforced of [true, false]) {
        const offences = [...trail.eachOffence(enforced)].sort((a, b) => (a.client < b.client ? -1 : 1));
        assert.deepEqual(offences, model.offences(enforced));
      }
      assert.deepEqual(
        trail
          .allowed()
          .map(({ entry }) => entry)
          .sort(),
        model.allowed(),
      );
    };
    afterwards(t, () => void other?.close());
    for (const it of steps) run(it);
    release();
    const verified = verifyAudit(opened.database);
    assert.ok(verified.ok, JSON.stringify(verified));
    assert.equal(verified.lastId, model.history.length + pruneRows);
    opened.database.close();
  });
  fc.assert(property, { numRuns: 60 });
});
