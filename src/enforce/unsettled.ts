/** What was applied and the kernel was not asked about yet: by run, because runs pass one another. */
import type { Operation } from './backend.ts';

/** Which changes a run is about: all, those that changed a few at a time, or all while more are about to change. */
export type Run = 'all' | 'few' | 'ahead';

/** By target, the newest operation. */
type Applied = Map<string, Operation>;

/** Targets of runs that go ahead before the kernel is asked about them all the same. */
const AHEAD_MAX = 10_000;

export class Unsettled {
  private readonly runs = new Set<Applied>();
  /** Of runs that went ahead. */
  private ahead: Applied = new Map();

  get isEmpty(): boolean {
    return this.runs.size === 0;
  }

  /** What a run fills, which goes on with what went ahead; until `end` it belongs to nobody else. */
  begin(run: Run): Applied {
    const applied: Applied = run === 'few' ? new Map() : this.ahead;
    if (run !== 'few') this.ahead = new Map();
    this.runs.add(applied);
    return applied;
  }

  /** True of a run that leaves the kernel unasked: the next one asks. */
  leave(run: Run, applied: Applied): boolean {
    if (run !== 'ahead' || applied.size >= AHEAD_MAX) return false;
    this.ahead = applied;
    return true;
  }

  end(applied: Applied): void {
    if (applied !== this.ahead) this.runs.delete(applied);
  }

  /** Targets change once more: whoever carries that out asks about them. */
  forget(operations: readonly Operation[]): void {
    for (const { target } of operations) for (const applied of this.runs) applied.delete(target);
  }
}
