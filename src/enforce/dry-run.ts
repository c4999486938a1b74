/** A table in memory that honours the contract and drops nothing: for trying zban out without root. */
import { isInForce } from '../model/reconcile.ts';
import type { EnforcementBackend } from './backend.ts';
import { BanTable } from './ban-table.ts';
import { throwRefusals } from './target.ts';

export function createDryRunBackend(now: () => number): EnforcementBackend {
  const table = new BanTable();
  let standing = false;
  return {
    name: 'dry-run',
    longestMs: Number.POSITIVE_INFINITY,
    async setUp() {
      if (standing) return [];
      standing = true;
      return ['the table was missing'];
    },
    async list(onBan) {
      for (const [target, untilMs] of table.ends) {
        if (isInForce(untilMs, now())) onBan({ target, untilMs });
        else table.ends.delete(target);
      }
    },
    async confirm(operations) {
      return table.shows(operations, now());
    },
    async apply(operations, nowMs) {
      throwRefusals(table.apply(operations, nowMs));
    },
  };
}
