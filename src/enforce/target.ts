/** Targets of bans on their way to and from the firewall's tools. */

import { isInForce } from '../model/reconcile.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import { EnforcementError, type KernelBan, type Operation } from './backend.ts';

export type Family = 4 | 6;

/** The table a target belongs to. */
export function targetFamily(target: string): Family {
  return target.includes(':') ? 6 : 4;
}

/**
 * Canonical text (net/prefix.ts) of what iptables or ipset printed. Both print like inet_ntop(3), which is
 * canonical except for a full length and for dotted IPv4 inside IPv6.
 */
export function canonicalTarget(printed: string): string {
  if (!printed.includes('/') && !printed.includes(':')) return printed;
  const text = printed.replace(/\/(32|128)$/, (length) => (length === '/128' || !printed.includes(':') ? '' : length));
  if (!text.includes(':') || !text.includes('.')) return text;
  const prefix = parsePrefix(text);
  return prefix?.family === 6 ? formatPrefix(prefix) : text;
}

export interface SortedOperations {
  /** Those of bans that have ended already included. */
  readonly removals: readonly string[];
  readonly additions: readonly KernelBan[];
  /** Why the others can never be done, in words. */
  readonly refusals: readonly string[];
}

const isBan = (operation: Operation): operation is KernelBan => operation.untilMs !== undefined;

/** Refuses what no table can hold: a whole address family (hash:net takes no /0, ipset(8)), and text that is no address. */
export function sortOperations(operations: readonly Operation[], nowMs: number): SortedOperations {
  const removals: string[] = [];
  const additions: KernelBan[] = [];
  const refusals: string[] = [];
  for (const operation of operations) {
    const { target } = operation;
    const prefix = parsePrefix(target);
    if (!prefix || prefix.bits === 0) {
      const why = prefix ? 'a /0 would shut out everybody' : 'that is no address and no network';
      refusals.push(`${JSON.stringify(target.slice(0, 60))} cannot be banned: ${why}`);
      continue;
    }
    if (isBan(operation) && isInForce(operation.untilMs, nowMs)) additions.push(operation);
    else removals.push(target);
  }
  return { removals, additions, refusals };
}

/** The operations that a host without IPv6 can do. */
export function withoutIpv6(sorted: SortedOperations, absence: string | undefined): SortedOperations {
  if (absence === undefined) return sorted;
  const isIpv4 = (target: string) => targetFamily(target) === 4;
  const additions = sorted.additions.filter(({ target }) => isIpv4(target));
  const undone = additions.length < sorted.additions.length ? [`IPv6 cannot be enforced: ${absence}`] : [];
  return { removals: sorted.removals.filter(isIpv4), additions, refusals: [...sorted.refusals, ...undone] };
}

/** Rejects for what was left undone, once everything else is done. */
export function throwRefusals(refusals: readonly string[]): void {
  if (refusals.length === 0) return;
  const more = refusals.length > 3 ? ` and ${refusals.length - 3} more` : '';
  throw new EnforcementError('kernel_refused', `${refusals.slice(0, 3).join('; ')}${more}`);
}
