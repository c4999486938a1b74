/** Targets of bans on their way to and from the firewall's tools. */
import { formatPrefix, parsePrefix } from '../core/net/prefix.ts';
import { isDue, operationTarget } from '../core/reconcile.ts';
import { EnforcementError, type KernelBan, type Operation } from './backend.ts';

export type Family = 4 | 6;

/** The table a target belongs to. */
export function targetFamily(target: string): Family {
  return target.includes(':') ? 6 : 4;
}

/**
 * Canonical text (core/net/prefix.ts) of what iptables or ipset printed. Both print like inet_ntop(3), which is
 * canonical except for a full length and for dotted IPv4 inside IPv6.
 */
export function canonicalTarget(printed: string): string {
  const text = printed.replace(/\/(32|128)$/, (length) => (length === '/128' || !printed.includes(':') ? '' : length));
  if (!text.includes(':') || !text.includes('.')) return text;
  const prefix = parsePrefix(text);
  return prefix?.family === 6 ? formatPrefix(prefix) : text;
}

/** Operations of one family; additions that have ended already are removals. */
export interface FamilyOperations {
  readonly removals: string[];
  readonly additions: KernelBan[];
}

export interface SortedOperations {
  readonly byFamily: ReadonlyMap<Family, FamilyOperations>;
  /** Why some of them can never be done, in words. */
  readonly refusals: readonly string[];
}

/** Refuses what no table can hold: a whole address family (hash:net takes no /0, ipset(8)), and text that is no address. */
export function sortOperations(operations: readonly Operation[], nowMs: number): SortedOperations {
  const byFamily = new Map<Family, FamilyOperations>();
  const refusals: string[] = [];
  for (const operation of operations) {
    const target = operationTarget(operation);
    const prefix = parsePrefix(target);
    if (!prefix || prefix.bits === 0) {
      const why = prefix ? 'a /0 would shut out everybody' : 'that is no address and no network';
      refusals.push(`${JSON.stringify(target.slice(0, 60))} cannot be banned: ${why}`);
      continue;
    }
    const family = targetFamily(target);
    const sorted = byFamily.get(family) ?? { removals: [], additions: [] };
    byFamily.set(family, sorted);
    if (operation.kind === 'add' && isDue(operation.ban.untilMs, nowMs)) sorted.additions.push(operation.ban);
    else sorted.removals.push(target);
  }
  return { byFamily, refusals };
}

/** Rejects for what was left undone, once everything else is done. */
export function throwRefusals(refusals: readonly string[]): void {
  if (refusals.length === 0) return;
  const more = refusals.length > 3 ? ` and ${refusals.length - 3} more` : '';
  throw new EnforcementError('kernel_refused', `${refusals.slice(0, 3).join('; ')}${more}`);
}
