/** What should stand in the kernel, what stands there as far as zban can tell, and what was told about it. */
import assert from 'node:assert/strict';
import {
  type FailedTarget,
  type Failure,
  type HeldBans,
  type KernelBan,
  type Operation,
  type ReconcileResult,
  TOLERANCE_MS,
} from '../model/reconcile.ts';
import { BanRows, fromEnd, KNOWN, LISTED, NONE, TOUCHED, toEnd } from './ban-rows.ts';

function isSame(a: number, b: number, toleranceMs: number): boolean {
  return a === b || Math.abs(a - b) <= toleranceMs;
}

/** True of a ban that was to stand when a reconcile began, and is over now: that it stands is as right as that it does not. */
function endedSince(beganMs: number, wanted: number, nowMs: number): boolean {
  return wanted > beganMs && wanted <= nowMs;
}

export class BanLedger<Code extends string> extends BanRows implements HeldBans {
  private isListing = false;
  private readonly causes: { failure: Failure<Code>; rows: number }[] = [];

  /** Targets that are wanted, held, or not yet told of. */
  get rowCount(): number {
    return this.rows.size;
  }

  /** All of them, so many at a time; rows may come and go meanwhile. */
  *targets(count: number): Generator<string[]> {
    let some: string[] = [];
    for (const target of this.rows.keys()) {
      if (some.push(target) < count) continue;
      yield some;
      some = [];
    }
    yield some;
  }

  get heldCount(): number {
    let count = 0;
    for (let row = 0; row < this.used; row++) if (!Number.isNaN(this.of.held.at(row))) count++;
    return count;
  }

  *heldBans(): Generator<KernelBan> {
    for (const [target, row] of this.rows) {
      const end = this.of.held.at(row);
      if (!Number.isNaN(end)) yield { target, untilMs: fromEnd(end) };
    }
  }

  /** A few bans that are held as they should be and end after `ms`: so many addresses, and networks, of each family. */
  sample(count: number, ms: number): KernelBan[] {
    const sample: KernelBan[] = [];
    const left = [count, count, count, count];
    for (const [target, row] of this.rows) {
      const kind = (target.includes(':') ? 2 : 0) + (target.includes('/') ? 1 : 0);
      const [wanted, held] = [this.of.wanted.at(row), this.of.held.at(row)];
      if (left[kind] === 0 || !(wanted > ms) || Number.isNaN(held)) continue;
      left[kind] = (left[kind] ?? 0) - 1;
      sample.push({ target, untilMs: fromEnd(held) });
      if (left.every((each) => each === 0)) break;
    }
    return sample;
  }

  /** Why bans stand otherwise than they should: one of the causes; undefined when all is well. */
  get failure(): Failure<Code> | undefined {
    return this.causes.find(({ rows }) => rows > 0)?.failure;
  }

  /** Sets when a target's ban should end; undefined when it should not be banned. */
  want(target: string, untilMs: number | null | undefined): void {
    const row = untilMs === undefined ? this.rows.get(target) : this.rowOf(target);
    if (row !== undefined) this.of.wanted.set(row, toEnd(untilMs));
  }

  /** Nothing should stand, but what is wanted next; of a target that comes twice the last one counts. */
  wantNone(): void {
    this.of.wanted.array.fill(NONE, 0, this.used);
  }

  /** A listing begins: what it does not show by its end is gone, unless it is touched meanwhile. */
  beginListing(): void {
    this.isListing = true;
    for (let row = 0; row < this.used; row++) this.of.bits.set(row, this.of.bits.at(row) & KNOWN);
  }

  list({ target, untilMs }: KernelBan): void {
    const row = this.rowOf(target);
    if (this.has(row, TOUCHED)) return;
    this.of.held.set(row, toEnd(untilMs));
    this.mark(row, LISTED | KNOWN);
  }

  /** `isWhole` is false for one that broke off, which says nothing about what it did not show. */
  endListing(isWhole: boolean): void {
    this.isListing = false;
    for (let row = 0; isWhole && row < this.used; row++) {
      if (!this.has(row, LISTED | TOUCHED)) this.of.held.set(row, NONE);
    }
  }

  /**
   * What turns the kernel's state into what should be: removals of the surplus first (they make room), then additions of
   * what is missing and of what ends at another time than it should by more than `toleranceMs`. A wanted ban that ended
   * by `beganMs` counts as not wanted; one that ended since may stand or not. Of these targets only, where given.
   */
  plan(
    nowMs: number,
    toleranceMs: number,
    targets: Iterable<string> = this.rows.keys(),
    beganMs: number = nowMs,
  ): Operation[] {
    const removals: Operation[] = [];
    const additions: Operation[] = [];
    this.compare(targets, (target, row, wanted, held) => {
      if (wanted > nowMs) {
        if (!isSame(held, wanted, toleranceMs)) additions.push({ target, untilMs: fromEnd(wanted) });
      } else if (!endedSince(beganMs, wanted, nowMs) && (!Number.isNaN(held) || this.of.failing.at(row) !== 0)) {
        // What failed may have been done all the same.
        removals.push({ target, untilMs: undefined });
      }
    });
    return removals.concat(additions);
  }

  /** What would lead to the state that these targets are in already, as far as zban can tell, and that nobody was told of. */
  unreported(nowMs: number, targets: Iterable<string>): Operation[] {
    const unreported: Operation[] = [];
    this.compare(targets, (target, row, wanted, held) => {
      if (wanted > nowMs) {
        if (held === wanted && this.of.told.at(row) !== held) unreported.push({ target, untilMs: fromEnd(wanted) });
      } else if (Number.isNaN(held) && this.has(row, KNOWN)) unreported.push({ target, untilMs: undefined });
    });
    return unreported;
  }

  /** Shows the row of each of these targets that has one, with the end that it should have and the one that it has. */
  private compare(
    targets: Iterable<string>,
    visit: (target: string, row: number, wanted: number, held: number) => void,
  ): void {
    for (const target of targets) {
      const row = this.rows.get(target);
      if (row !== undefined) visit(target, row, this.of.wanted.at(row), this.of.held.at(row));
    }
  }

  /** Operations are about to be applied: a listing under way may show them or not, and does not count for their targets. */
  touch(operations: readonly Operation[]): void {
    if (!this.isListing) return;
    for (const { target } of operations) this.mark(this.rowOf(target), TOUCHED);
  }

  /** Operations went through without a word; the listing that follows shows whether they did. */
  expect(operations: readonly Operation[]): void {
    for (const { target, untilMs } of operations) {
      const row = this.rowOf(target);
      this.of.held.set(row, toEnd(untilMs));
    }
  }

  /** The kernel has shown that these were done. */
  settleDone(operations: readonly Operation[]): ReconcileResult<Code> {
    const [confirmed, released]: [string[], string[]] = [[], []];
    for (const { target, untilMs } of operations) {
      const row = this.rows.get(target);
      // A listing has shown it first.
      if (row === undefined) continue;
      const end = toEnd(untilMs);
      this.of.held.set(row, end);
      this.mark(row, KNOWN);
      if (untilMs === undefined) this.release(target, row, released);
      else this.confirm(target, row, end, confirmed);
    }
    return { confirmed, released, failed: [] };
  }

  /** These were tried and nobody knows how far they came. */
  settleFailed(operations: readonly Operation[], failure: Failure<Code>): ReconcileResult<Code> {
    const failed: FailedTarget<Code>[] = [];
    for (const { target } of operations) {
      const row = this.rowOf(target);
      this.of.held.set(row, NONE);
      this.fail(target, row, failure, failed);
    }
    return { confirmed: [], released: [], failed };
  }

  /**
   * Compares everything after the operations. `isListed` says whether a listing followed them: without one only what was
   * never confirmed counts as failed. `failure` is what went wrong, `unexplained` the cause to name where nothing did.
   * A ban that ended after `beganMs`, the reconcile's begin, may still stand: the change that lifts it reports it.
   */
  settleAll(
    nowMs: number,
    beganMs: number,
    isListed: boolean,
    failure: Failure<Code> | undefined,
    unexplained: (what: string) => Failure<Code>,
  ): ReconcileResult<Code> {
    const [confirmed, released]: [string[], string[]] = [[], []];
    const failed: FailedTarget<Code>[] = [];
    // After operations that all went through, a difference of seconds is the tools' slowness on a busy host, and the next
    // reconcile fixes it; after a failure it may be the old end.
    const toleranceMs = isListed ? (failure ? TOLERANCE_MS : Number.MAX_VALUE) : 0;
    const [missing, left] = [
      failure ?? unexplained('does not list the ban'),
      failure ?? unexplained('still lists the ban'),
    ];
    let isWhole = isListed;
    for (const [target, row] of this.rows) {
      const wanted = this.of.wanted.at(row);
      const end = (isListed ? this.of.held : this.of.told).at(row);
      if (this.has(row, TOUCHED)) {
        this.leaveTouched(target, row);
        isWhole = false;
      } else if (isListed && endedSince(beganMs, wanted, nowMs) && !Number.isNaN(end)) {
        isWhole = false;
      } else if (wanted > nowMs) {
        if (isSame(end, wanted, toleranceMs)) this.confirm(target, row, wanted, confirmed);
        else this.fail(target, row, missing, failed);
      } else if (isListed ? !Number.isNaN(end) : this.has(row, KNOWN)) this.fail(target, row, left, failed);
      else this.release(target, row, released);
    }
    if (isWhole && !this.failure) this.assertSettled(nowMs);
    return { confirmed, released, failed };
  }

  /**
   * What holds after a listing that found nothing amiss, or the ledger is wrong about the kernel: every ban that should stand
   * is held and was told, no other is held, and nothing fails.
   */
  private assertSettled(nowMs: number): void {
    for (const [target, row] of this.rows) {
      const wanted = this.of.wanted.at(row);
      const held = this.of.held.at(row);
      const told = this.of.told.at(row);
      const isSettled = wanted > nowMs ? !Number.isNaN(held) && told === wanted : Number.isNaN(held);
      // Not `assert.ok`, which would word it for each of a million.
      if (!isSettled || this.of.failing.at(row) !== 0)
        assert.fail(`${target} is not settled: ${wanted} ${held} ${told}`);
    }
  }

  /** Anyone who changed it while the listing was under way tells what came of it. */
  private leaveTouched(target: string, row: number): void {
    this.of.bits.set(row, this.of.bits.at(row) & ~TOUCHED);
    const isEmpty = Number.isNaN(this.of.wanted.at(row)) && Number.isNaN(this.of.held.at(row)) && !this.has(row, KNOWN);
    if (isEmpty && this.of.failing.at(row) === 0) this.drop(target, row);
  }

  private confirm(target: string, row: number, end: number, confirmed: string[]): void {
    if (this.of.told.at(row) !== end || this.of.failing.at(row) !== 0) confirmed.push(target);
    this.of.told.set(row, end);
    this.setCause(row, undefined);
  }

  private release(target: string, row: number, released: string[]): void {
    if (this.has(row, KNOWN)) released.push(target);
    this.setCause(row, undefined);
    this.clear(row);
    // A listing under way may still show it: the row stays to say that this is old.
    if (this.isListing) this.mark(row, TOUCHED);
    else this.drop(target, row);
  }

  private fail(target: string, row: number, failure: Failure<Code>, failed: FailedTarget<Code>[]): void {
    this.of.told.set(row, NONE);
    const before = this.causes[this.of.failing.at(row) - 1];
    if (before?.failure.code === failure.code) return;
    this.setCause(row, failure);
    // Not `...failure`: of an Error that leaves the message out.
    failed.push({ target, code: failure.code, message: failure.message });
  }

  private setCause(row: number, failure: Failure<Code> | undefined): void {
    const before = this.causes[this.of.failing.at(row) - 1];
    if (before) before.rows--;
    this.of.failing.set(row, 0);
    if (!failure) return;
    let index = this.causes.findIndex((cause) => cause.failure.code === failure.code);
    if (index < 0) index = this.causes.push({ failure, rows: 0 }) - 1;
    const cause = this.causes[index];
    if (!cause) return;
    // The newest words for it.
    cause.failure = failure;
    cause.rows++;
    this.of.failing.set(row, index + 1);
  }
}
