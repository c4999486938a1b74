import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BanLedger } from '../../src/enforce/ban-ledger.ts';
import { type KernelBan, type Operation, type ReconcileResult, TOLERANCE_MS } from '../../src/model/reconcile.ts';
import fc from '../support/fast-check.ts';

const NOW_MS = 1_800_000_000_000;
const UNSAID = (message: string) => ({ code: 'lost', message });

type Table = Map<string, number | null>;

const target = fc.integer({ min: 0, max: 4 }).map((host) => `192.0.2.${host}`);
const untilMs = fc.option(fc.integer({ min: NOW_MS - 10_000, max: NOW_MS + 60_000 }), { nil: null });
const bans = fc.uniqueArray(fc.record({ target, untilMs }), { maxLength: 5, selector: (ban) => ban.target });
const tableOf = (from: readonly KernelBan[]): Table => new Map(from.map((ban) => [ban.target, ban.untilMs]));
const isDue = (end: number | null) => end === null || end > NOW_MS;

function applyTo(kernel: Table, operations: readonly Operation[]): void {
  for (const { target: name, untilMs: end } of operations) {
    if (end === undefined) kernel.delete(name);
    else kernel.set(name, end);
  }
}

function wantOnly(ledger: BanLedger<string>, bans: readonly KernelBan[]): void {
  ledger.wantNone();
  for (const { target, untilMs } of bans) ledger.want(target, untilMs);
}

function list(ledger: BanLedger<string>, kernel: Table): void {
  ledger.beginListing();
  for (const [name, end] of kernel) ledger.list({ target: name, untilMs: end });
  ledger.endListing(true);
}

function planned(desired: readonly KernelBan[], actual: readonly KernelBan[], toleranceMs = TOLERANCE_MS): Operation[] {
  const ledger = new BanLedger<string>();
  list(ledger, tableOf(actual));
  wantOnly(ledger, desired);
  return ledger.plan(NOW_MS, toleranceMs);
}

test('applying a plan makes the kernel what it should be, within the tolerance, and needs no second plan', () => {
  fc.assert(
    fc.property(bans, bans, (desired, actual) => {
      const kernel = tableOf(actual);
      applyTo(kernel, planned(desired, actual));
      const due = desired.filter((ban) => isDue(ban.untilMs));
      assert.deepEqual([...kernel.keys()].sort(), due.map((ban) => ban.target).sort());
      for (const { target: name, untilMs: end } of due) {
        const stands = kernel.get(name);
        assert.ok(stands === end || Math.abs((stands ?? Number.NaN) - (end ?? Number.NaN)) <= TOLERANCE_MS);
      }
      const after = [...kernel].map(([name, end]) => ({ target: name, untilMs: end }));
      assert.deepEqual(planned(desired, after), []);
    }),
  );
});

test('the plan touches no ban that already stands as it should', () => {
  fc.assert(
    fc.property(bans, fc.integer({ min: -TOLERANCE_MS, max: TOLERANCE_MS }), (desired, skewMs) => {
      const due = desired.filter((ban) => isDue(ban.untilMs));
      const actual = due.map((ban) => ({ ...ban, untilMs: ban.untilMs === null ? null : ban.untilMs + skewMs }));
      assert.deepEqual(planned(desired, actual), []);
    }),
  );
});

test('every target appears in at most one operation, removals first', () => {
  fc.assert(
    fc.property(bans, bans, (desired, actual) => {
      const operations = planned(desired, actual);
      assert.equal(new Set(operations.map((operation) => operation.target)).size, operations.length);
      const removals = operations.filter((operation) => operation.untilMs === undefined);
      assert.deepEqual(operations.slice(0, removals.length), removals);
    }),
  );
});

test('a ban that ends exactly now is removed, one millisecond later it stays', () => {
  const over = [{ target: '192.0.2.1', untilMs: NOW_MS }];
  const left = [{ target: '192.0.2.1', untilMs: NOW_MS + 1 }];
  assert.deepEqual(planned(over, over), [{ target: '192.0.2.1', untilMs: undefined }]);
  assert.deepEqual(planned(left, left), []);
});

test('timed and permanent are never the same end', () => {
  const permanent = { target: '192.0.2.1', untilMs: null };
  const timed = { target: '192.0.2.1', untilMs: NOW_MS + 1000 };
  assert.deepEqual(planned([permanent], [timed], Number.MAX_VALUE), [permanent]);
  assert.deepEqual(planned([timed], [permanent], Number.MAX_VALUE), [timed]);
});

test('a target desired twice follows its last entry', () => {
  const first = { target: '192.0.2.1', untilMs: NOW_MS + 5000 };
  const ended = { target: '192.0.2.1', untilMs: NOW_MS - 1 };
  assert.deepEqual(planned([first, ended], []), []);
  assert.deepEqual(planned([ended, first], []), [first]);
});

test('rows are used again: a table that held many and holds few does not grow', () => {
  const ledger = new BanLedger<string>();
  for (let round = 0; round < 50; round++) {
    const many = Array.from({ length: 3000 }, (_, i) => ({
      target: `10.${round}.${i >> 8}.${i & 255}`,
      untilMs: null,
    }));
    wantOnly(ledger, many);
    list(ledger, tableOf(many));
    assert.equal(ledger.settleAll(NOW_MS, NOW_MS, true, undefined, UNSAID).confirmed.length, 3000);
    assert.equal(ledger.heldCount, 3000);
    wantOnly(ledger, []);
    list(ledger, new Map());
    assert.equal(ledger.settleAll(NOW_MS, NOW_MS, true, undefined, UNSAID).released.length, 3000);
  }
  assert.deepEqual([...ledger.heldBans()], []);
  assert.equal(ledger.rowCount, 0);
});

test('a listing that found nothing amiss while a ban is missing, or one too many is held, is a bug that shows', () => {
  for (const [held, wanted] of [
    [[], [{ target: '192.0.2.1', untilMs: null }]],
    [[{ target: '192.0.2.1', untilMs: null }], []],
  ] as const) {
    const ledger = new BanLedger<string>();
    wantOnly(ledger, held);
    list(ledger, tableOf(held));
    assert.doesNotThrow(() => ledger.settleAll(NOW_MS, NOW_MS, true, undefined, UNSAID));
    wantOnly(ledger, wanted);
    assert.throws(() => ledger['assertSettled'](NOW_MS), /192\.0\.2\.1 is not settled/);
  }
});

/** What a reconciler does with the table, in any order, with a kernel beside it. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('want' as const), target, untilMs }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lift' as const), target }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('changes' as const), fails: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), isWhole: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('vandalise' as const), target }) },
);

test('any interleaving of changes, faults and listings that are old when they end leads to what is desired and says so', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const scene = new Scene();
      for (const action of steps) {
        if (action.kind === 'want') scene.desire(action.target, action.untilMs);
        else if (action.kind === 'lift') scene.desire(action.target, undefined);
        else if (action.kind === 'changes') scene.runChanges(action.fails);
        else if (action.kind === 'begin') scene.begin();
        else if (action.kind === 'end') scene.end(action.isWhole);
        else scene.vandalise(action.target);
      }
      scene.end(true);
      for (const _ of [1, 2]) {
        scene.begin();
        scene.end(true);
      }
      const due = [...scene.desired].filter(([, end]) => isDue(end));
      assert.deepEqual([...scene.kernel.keys()].sort(), due.map(([name]) => name).sort());
      assert.equal(scene.ledger.failure, undefined);
      for (const [name] of due) assert.equal(scene.news.get(name), 'confirmed');
      for (const [name, last] of scene.news) if (!scene.kernel.has(name)) assert.notEqual(last, 'confirmed', name);
      assert.equal(scene.ledger.rowCount, due.length, 'no row is left over');
    }),
    { numRuns: 2000 },
  );
});

class Scene {
  readonly ledger = new BanLedger<string>();
  readonly desired: Table = new Map();
  readonly kernel: Table = new Map();
  /** The last word on each target. */
  readonly news = new Map<string, string>();
  private readonly changed = new Set<string>();
  /** Taken out by others and not put back. */
  private readonly vandalised = new Set<string>();
  private snapshot: KernelBan[] | undefined;

  desire(name: string, end: number | null | undefined): void {
    if (end === undefined) this.desired.delete(name);
    else this.desired.set(name, end);
    this.changed.add(name);
  }

  vandalise(name: string): void {
    this.kernel.delete(name);
    this.vandalised.add(name);
  }

  private isWanted(name: string): boolean {
    const end = this.desired.get(name);
    return end !== undefined && isDue(end);
  }

  runChanges(fails: boolean): void {
    const targets = [...this.changed];
    this.changed.clear();
    for (const name of targets) this.ledger.want(name, this.desired.get(name));
    const operations = this.ledger.plan(NOW_MS, 0, targets);
    this.ledger.touch(operations);
    // A failure may have done the work or not.
    if (!fails || operations.length % 2 === 0) applyTo(this.kernel, operations);
    this.tell(
      fails
        ? this.ledger.settleFailed(operations, { code: 'timeout', message: 'hung' })
        : this.ledger.settleDone(operations),
    );
    if (fails) return;
    for (const name of targets) {
      if (!this.vandalised.has(name)) assert.equal(this.kernel.has(name), this.isWanted(name), name);
    }
  }

  begin(): void {
    this.end(true);
    this.ledger.beginListing();
    this.snapshot = [...this.kernel].map(([name, end]) => ({ target: name, untilMs: end }));
  }

  /** The listing ends, and what it showed is brought in line. */
  end(isWhole: boolean): void {
    if (!this.snapshot) return;
    for (const ban of isWhole ? this.snapshot : this.snapshot.slice(0, 2)) this.ledger.list(ban);
    this.snapshot = undefined;
    this.ledger.endListing(isWhole);
    this.changed.clear();
    wantOnly(
      this.ledger,
      [...this.desired].map(([name, end]) => ({ target: name, untilMs: end })),
    );
    if (!isWhole) {
      this.tell(this.ledger.settleAll(NOW_MS, NOW_MS, false, { code: 'timeout', message: 'hung' }, UNSAID));
      return;
    }
    const operations = this.ledger.plan(NOW_MS, TOLERANCE_MS);
    applyTo(this.kernel, operations);
    this.ledger.expect(operations);
    if (operations.length > 0) list(this.ledger, this.kernel);
    this.tell(this.ledger.settleAll(NOW_MS, NOW_MS, true, undefined, UNSAID));
    for (const name of this.vandalised) {
      if (this.kernel.has(name) === this.isWanted(name)) this.vandalised.delete(name);
    }
  }

  private tell({ confirmed, released, failed }: ReconcileResult<string>): void {
    for (const name of confirmed) {
      assert.ok(this.kernel.has(name) || this.vandalised.has(name), `${name} is there when this is told`);
      this.news.set(name, 'confirmed');
    }
    for (const name of released) {
      assert.ok(!this.kernel.has(name), `${name} is gone when this is told`);
      assert.notEqual(this.news.get(name), 'released', `${name} is told once`);
      this.news.set(name, 'released');
    }
    for (const { target: name } of failed) this.news.set(name, 'failed');
  }
}
