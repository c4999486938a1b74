/** What stands in a backend whose state is text: targets with their ends. */
import type { KernelBan, Operation } from './backend.ts';
import { sortOperations } from './target.ts';

export class BanTable {
  readonly ends: Map<string, number | null>;

  constructor(bans: Iterable<KernelBan> = []) {
    this.ends = new Map([...bans].map(({ target, untilMs }) => [target, untilMs]));
  }

  /** Carries the operations out; gives why some can never be done, in words. */
  apply(operations: readonly Operation[], nowMs: number): readonly string[] {
    const { removals, additions, refusals } = sortOperations(operations, nowMs);
    for (const target of removals) this.ends.delete(target);
    for (const { target, untilMs } of additions) this.ends.set(target, untilMs);
    return refusals;
  }

  /** True when the operations were carried out. */
  shows(operations: readonly Operation[], nowMs: number): boolean {
    const { removals, additions, refusals } = sortOperations(operations, nowMs);
    const stands = (target: string) => {
      const untilMs = this.ends.get(target);
      return untilMs === null || (untilMs !== undefined && untilMs > nowMs);
    };
    return refusals.length === 0 && additions.every(({ target }) => stands(target)) && !removals.some(stands);
  }

  list(): KernelBan[] {
    return [...this.ends].map(([target, untilMs]) => ({ target, untilMs }));
  }
}
