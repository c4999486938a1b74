/** What was applied and the kernel was not asked about yet: by run, because runs pass one another. */
import type { Changes } from '../model/reconcile.ts';
import type { Operation } from './backend.ts';

/** By target, the newest operation. */
export type Applied = Map<string, Operation>;

/** Targets of runs of many, for which the kernel is asked all the same. */
const AHEAD_MAX = 10_000;

export class Unsettled {
  private readonly runs = new Set<Applied>();
  /** Of runs of many. */
  private ahead: Applied = new Map();

  get isEmpty(): boolean {
    return this.runs.size === 0;
  }

  /** What a run fills, which goes on with what is left of runs of many; until `end` it belongs to nobody else. */
  begin(which: Changes): Applied {
    const applied: Applied = which === 'few' ? new Map() : this.ahead;
    if (which !== 'few') this.ahead = new Map();
    this.runs.add(applied);
    return applied;
  }

  /** True of a run of many, which leaves the kernel unasked: the next of all asks. */
  leave(which: Changes, applied: Applied): boolean {
    if (which !== 'many' || applied.size >= AHEAD_MAX) return false;
    this.ahead = applied;
    return true;
  }

  end(applied: Applied): void {
    if (applied !== this.ahead) this.runs.delete(applied);
  }

  /** Targets change once more: what carries that out asks about them. */
  forget(operations: readonly Operation[]): void {
    for (const { target } of operations) for (const applied of this.runs) applied.delete(target);
  }
}
