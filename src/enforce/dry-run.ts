/** A table in memory that honours the contract and drops nothing: for trying zban out without root. */
import { isDue } from '../model/reconcile.ts';
import type { EnforcementBackend } from './backend.ts';
import { BanTable } from './ban-table.ts';
import { throwRefusals } from './target.ts';

export interface DryRunBackend extends EnforcementBackend {
  /** What `iptables -F` would do to a kernel. */
  wipe(): void;
}

export function createDryRunBackend(now: () => number): DryRunBackend {
  let table = new BanTable();
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
        if (isDue(untilMs, now())) onBan({ target, untilMs });
        else table.ends.delete(target);
      }
    },
    async confirm(operations) {
      return table.shows(operations, now());
    },
    async apply(operations, nowMs) {
      throwRefusals(table.apply(operations, nowMs));
    },
    wipe() {
      table = new BanTable();
      standing = false;
    },
  };
}
