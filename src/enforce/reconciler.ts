/** One reconcile: the whole way, or the short way for what changed in a state that is known. */
import { setImmediate } from 'node:timers/promises';
import type { Log } from '../model/log.ts';
import { type Changes, type DesiredBans, reachableEnd, TOLERANCE_MS } from '../model/reconcile.ts';
import {
  asFailure,
  type EnforcementBackend,
  type EnforcementError,
  type EnforcementErrorCode,
  isPassing,
  type Operation,
  unexplained,
} from './backend.ts';
import { BanLedger } from './ban-ledger.ts';
import { ForeignBans } from './foreign-bans.ts';
import { Leavings } from './leavings.ts';
import type { EnforcementResult, Outcome } from './outcome.ts';
import { type Applied, Unsettled } from './unsettled.ts';

export interface ReconcilerOptions {
  readonly backend: EnforcementBackend;
  /** Takes out what another backend left behind; done once, when this one holds all bans. */
  readonly leaveOthers: () => Promise<void>;
  readonly desired: DesiredBans;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** How often a full reconcile tries before it reports a refusal: what others destroyed while it ran is set up by the next try. */
const TRIES = 3;
/** Targets looked at in one turn of a full reconcile, and changes that need none. */
const PORTION_TARGETS = 20_000;
/** Changes carried out in one turn: few enough that a person's order does not wait for long, as many as take longer than commands to start. */
const PORTION_CHANGES = 2000;
/** Results that are told at once, after which others get their turn. */
const PORTION_RESULTS = 500;
/** Bans of a kind that are looked at between full reconciles. */
const SAMPLE_TARGETS = 8;

export class Reconciler {
  private readonly options: ReconcilerOptions;
  private readonly ledger = new BanLedger<EnforcementErrorCode>();
  private readonly foreignBans = new ForeignBans();
  /** True while the ledger's picture of the kernel is right, as far as zban can tell. */
  private isCertain = false;
  private everSetUp = false;
  private readonly leavings: Leavings;
  /** A full reconcile has taken up changes, or knows what came of some, and has not told. */
  owesWord = false;
  /** The last full reconcile met a refusal that no further try overcame. */
  private isRefused = false;
  /** One command that writes at a time; listing needs no turn, so that a ban does not wait for a million to be listed. */
  private turn: Promise<unknown> = Promise.resolve();
  private readonly unsettled = new Unsettled();

  constructor(options: ReconcilerOptions) {
    this.options = options;
    this.leavings = new Leavings(options.leaveOthers, options.log);
  }

  /**
   * Applies what changed, a portion at a time, between which others take their turn, and asks the kernel about just that; of `many` the
   * next run of all does. Undefined, and no more, when the whole way is needed: the kernel is not as it was known. Rejects only for a bug, like `runFull`.
   */
  async *runChanges(which: Changes): AsyncGenerator<Outcome | undefined> {
    const applied = this.unsettled.begin(which);
    try {
      let targets: readonly string[] | undefined;
      for (let at = 0; at < (targets?.length ?? 1); at += PORTION_CHANGES) {
        const outcome = await this.takeTurn(async () => {
          if (!this.isCertain && which !== 'few') return undefined;
          // The few have a run of their own: who waits for that one would not hear of what another took.
          targets ??= [...new Set(this.options.desired.takeChanges(which === 'few' ? 'few' : 'many'))];
          const some = targets.slice(at, at + PORTION_CHANGES);
          return this.isCertain ? this.apply(some, applied) : this.liftBlindly(some, applied);
        });
        if (outcome === 'applied') continue;
        yield outcome;
        // What is left is for the whole way.
        if (!outcome || !this.isCertain) return;
      }
      if (!this.unsettled.leave(which, applied)) yield* this.settle(applied);
    } finally {
      this.unsettled.end(applied);
    }
  }

  /** Adds to `applied` what went through, and what a full reconcile met first and did; otherwise gives what `runChanges` does. */
  private async apply(targets: readonly string[], applied: Applied): Promise<Outcome | 'applied' | undefined> {
    const { backend, desired, now } = this.options;
    const nowMs = now();
    for (const target of targets) {
      const untilMs = desired.find(target);
      this.ledger.want(target, untilMs === undefined ? undefined : reachableEnd(untilMs, nowMs, backend.longestMs));
    }
    const operations = this.ledger.plan(nowMs, 0, targets);
    const unreported = this.ledger.unreported(nowMs, targets);
    this.unsettled.forget(operations.concat(unreported));
    for (const each of unreported) applied.set(each.target, each);
    return this.carryOut(operations, applied, async () => {
      if (operations.length > 0) await backend.apply(operations, nowMs);
    });
  }

  private async carryOut(
    operations: readonly Operation[],
    applied: Applied,
    apply: () => Promise<void>,
  ): Promise<Outcome | 'applied' | undefined> {
    try {
      this.ledger.touch(operations);
      await apply();
      this.ledger.expect(operations);
      for (const operation of operations) applied.set(operation.target, operation);
      return 'applied';
    } catch (error) {
      return this.fail(operations, error);
    }
  }

  /**
   * Where nobody knows what stands, as while another program holds a lock that listing needs: to lift what is not there is no error,
   * and a person waits. Undefined where there is more to do.
   */
  private async liftBlindly(targets: readonly string[], applied: Applied): Promise<Outcome | 'applied' | undefined> {
    const { backend, desired, now } = this.options;
    if (targets.length === 0 || targets.some((target) => desired.find(target) !== undefined)) return undefined;
    const operations = targets.map((target) => ({ target, untilMs: undefined }));
    for (const { target } of operations) this.ledger.want(target, undefined);
    this.unsettled.forget(operations);
    return this.carryOut(operations, applied, () => backend.apply(operations, now()));
  }

  /** The kernel is asked once for all portions, and some are told at a time; what others changed meanwhile is told by them. */
  private async *settle(applied: ReadonlyMap<string, Operation>): AsyncGenerator<Outcome | undefined> {
    const { backend, now } = this.options;
    if (applied.size === 0) return yield this.outcome(this.ledger.settleDone([]));
    if (applied.size > PORTION_TARGETS) return yield undefined;
    let operations: Operation[] = [];
    try {
      do {
        operations = [...applied.values()];
        if (await backend.confirm(operations, now())) break;
        if (applied.size === operations.length) return yield undefined;
      } while (applied.size > 0);
    } catch (error) {
      return yield this.fail([...applied.values()], error);
    }
    for (let at = 0; at < operations.length; at += PORTION_RESULTS) {
      const some = operations.slice(at, at + PORTION_RESULTS).filter(({ target }) => applied.has(target));
      yield this.outcome(this.ledger.settleDone(some));
    }
  }

  private fail(operations: readonly Operation[], error: unknown): Outcome | undefined {
    const failure = asFailure(error);
    // Perhaps a set or chain is gone, which the whole way repairs. Other causes would only cost their time again.
    if (failure.code === 'kernel_refused') return undefined;
    if (failure.code !== 'set_full') this.isCertain = false;
    return this.outcome(this.ledger.settleFailed(operations, failure));
  }

  async runFull(): Promise<Outcome> {
    const { now, log } = this.options;
    let pass = await this.pass();
    // One that stands is not tried more often than the timer says.
    for (let tries = 1; pass.isRefused && !this.isRefused && tries < TRIES; tries++) {
      log('info', 'the firewall changed while it was brought in line, or refuses something; trying again', {
        cause: pass.failure?.message,
      });
      pass = await this.pass();
    }
    this.isRefused = pass.isRefused;
    this.foreignBans.end();
    const { failure, isListed } = pass;
    const outcome = await this.takeTurn(async () => {
      [this.isCertain, this.owesWord] = [isListed, true];
      if (!isListed) await this.readDesired();
      return this.outcome(this.ledger.settleAll(now(), pass.beganMs, isListed, failure, unexplained));
    });
    const trouble = this.ledger.failure ?? failure;
    if (!trouble) await this.leavings.leave();
    return { ...outcome, trouble: trouble ?? this.leavings.trouble };
  }

  /** Sets up, lists, applies what is missing, and lists again; `isRefused` where another try may do better. Rejects only for a bug. */
  private async pass() {
    const { backend, log, now } = this.options;
    let failure: EnforcementError | undefined;
    const beganMs = now();
    try {
      await this.takeTurn(async () => this.sayRepairs(await backend.setUp()));
      await this.list();
      await this.takeTurn(() => this.readDesired());
      const brought = await this.bringInLine();
      failure = brought.failure;
      if (brought.added + brought.removed > 0) {
        log('info', 'brought the firewall in line', { added: brought.added, removed: brought.removed });
        await this.list();
        // Whatever was said of it, the kernel does not show what it should.
        const isRefused = isPassing(failure) && !(await this.isInLine(beganMs));
        return { failure, beganMs, isListed: true, isRefused };
      }
      return { failure, beganMs, isListed: true, isRefused: false };
    } catch (error) {
      failure ??= asFailure(error);
      return { failure, beganMs, isListed: false, isRefused: isPassing(failure) };
    }
  }

  /** False when the kernel has lost what it held, as a few bans of each kind show; true also when it cannot be asked. */
  isIntact(): Promise<boolean> {
    return this.takeTurn(async () => {
      const { backend, now } = this.options;
      const nowMs = now();
      const sample = this.ledger.sample(SAMPLE_TARGETS, nowMs + TOLERANCE_MS);
      try {
        return sample.length === 0 || (await backend.confirm(sample, nowMs));
      } catch (error) {
        asFailure(error);
        return true;
      }
    });
  }

  /** A portion at a time: what changes meanwhile is for the next `runChanges`. */
  private async readDesired(): Promise<void> {
    const { backend, desired, now } = this.options;
    const nowMs = now();
    // All that changed until now is in what is read next.
    const taken = [...desired.takeChanges()];
    this.owesWord ||= taken.length > 0;
    this.foreignBans.begin(taken, !this.unsettled.isEmpty);
    this.ledger.wantNone();
    let count = 0;
    for (const { target, untilMs } of desired.all()) {
      this.ledger.want(target, reachableEnd(untilMs, nowMs, backend.longestMs));
      if (++count % PORTION_TARGETS === 0) await setImmediate();
    }
  }

  /** True when the kernel holds all it should, and nothing else, whatever their ends; a ban that ended after `beganMs` may stand or not. */
  private async isInLine(beganMs: number): Promise<boolean> {
    for (const targets of this.ledger.targets(PORTION_TARGETS)) {
      if (this.ledger.plan(this.options.now(), Number.MAX_VALUE, targets, beganMs).length > 0) return false;
      await setImmediate();
    }
    return true;
  }

  /** A portion at a time, so that changes get their turn between, and nothing has to hold a million operations. */
  private async bringInLine(): Promise<{ added: number; removed: number; failure: EnforcementError | undefined }> {
    const { backend, now } = this.options;
    const brought = { added: 0, removed: 0, failure: undefined as EnforcementError | undefined };
    for (const targets of this.ledger.targets(PORTION_TARGETS)) {
      const failure = await this.takeTurn(async () => {
        const operations = this.ledger.plan(now(), TOLERANCE_MS, targets);
        if (operations.length === 0) return undefined;
        this.foreignBans.see(operations);
        for (const { untilMs } of operations) brought[untilMs === undefined ? 'removed' : 'added']++;
        this.ledger.expect(operations);
        return backend.apply(operations, now()).then(() => undefined, asFailure);
      });
      brought.failure ??= failure;
      // Other causes would cost their time again with each portion.
      if (failure && failure.code !== 'kernel_refused' && failure.code !== 'set_full') break;
    }
    return brought;
  }

  private async list(): Promise<void> {
    let isWhole = false;
    await this.takeTurn(async () => this.ledger.beginListing());
    try {
      await this.options.backend.list((ban) => this.ledger.list(ban), this.ledger);
      isWhole = true;
    } finally {
      this.ledger.endListing(isWhole);
    }
  }

  private takeTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.turn.then(work);
    this.turn = next.catch(() => {});
    return next;
  }

  private outcome(result: EnforcementResult): Outcome {
    return { result, trouble: this.ledger.failure ?? this.leavings.trouble, contest: this.foreignBans.trouble };
  }

  private sayRepairs(found: readonly string[]): void {
    const { backend, log } = this.options;
    const [level, done] = this.everSetUp ? (['warn', 'repaired'] as const) : (['info', 'set up'] as const);
    this.everSetUp = true;
    // Not every backend is a firewall.
    if (found.length > 0) log(level, `${done} what bans stand in`, { backend: backend.name, found });
  }
}
