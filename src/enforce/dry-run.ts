/** A table in memory that honours the contract and drops nothing: for trying zban out without root. */
import type { EnforcementBackend } from './backend.ts';
import { sortOperations, throwRefusals } from './target.ts';

export interface DryRunBackend extends EnforcementBackend {
  /** What `iptables -F` would do to a kernel. */
  wipe(): void;
}

export function createDryRunBackend(now: () => number): DryRunBackend {
  const table = new Map<string, number | null>();
  let standing = false;
  const find = (target: string): boolean => {
    const untilMs = table.get(target);
    return untilMs === null || (untilMs !== undefined && untilMs > now());
  };
  return {
    name: 'dry-run',
    longestMs: Number.POSITIVE_INFINITY,
    async setUp() {
      if (standing) return [];
      standing = true;
      return ['the table was missing'];
    },
    async list() {
      for (const target of table.keys()) if (!find(target)) table.delete(target);
      return [...table].map(([target, untilMs]) => ({ target, untilMs }));
    },
    async confirm(operations, nowMs) {
      const { removals, additions, refusals } = sortOperations(operations, nowMs);
      return refusals.length === 0 && additions.every(({ target }) => find(target)) && !removals.some(find);
    },
    async apply(operations, nowMs) {
      const { removals, additions, refusals } = sortOperations(operations, nowMs);
      for (const target of removals) table.delete(target);
      for (const { target, untilMs } of additions) table.set(target, untilMs);
      throwRefusals(refusals);
    },
    wipe() {
      table.clear();
      standing = false;
    },
  };
}
