/** A table in memory that honours the contract and drops nothing: for trying zban out without root. */
import type { EnforcementBackend } from './backend.ts';
import { sortOperations, throwRefusals } from './target.ts';

export function createDryRunBackend(now: () => number): EnforcementBackend {
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
    async confirm(targets) {
      return new Set(targets.filter(find));
    },
    async apply(operations, nowMs) {
      const { byFamily, refusals } = sortOperations(operations, nowMs);
      for (const { removals, additions } of byFamily.values()) {
        for (const target of removals) table.delete(target);
        for (const { target, untilMs } of additions) table.set(target, untilMs);
      }
      throwRefusals(refusals);
    },
    async flush() {
      table.clear();
      standing = false;
    },
  };
}
