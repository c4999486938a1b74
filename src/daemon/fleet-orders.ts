/** Rows of the trail as decisions that a fleet shares, and whose a row is. */
import { createHash } from 'node:crypto';
import type { ActiveBan, AuditEntry } from '../model/audit.ts';
import type { Order } from '../share/order.ts';
import { briefReason } from '../words/reason.ts';

const DIGEST_DIGITS = 16;
const OPERATOR = 'operator:';

/** The host of the fleet that decided a ban; undefined for this one. */
export function findOrigin({ actor, numbers }: Pick<ActiveBan, 'actor' | 'numbers'>): string | undefined {
  // Numbers of a ban are read from disk: hardly any actor needs a look.
  if (!actor.includes('@')) return undefined;
  const origin = numbers?.origin;
  return typeof origin === 'string' ? origin : undefined;
}

export interface OrderContext {
  readonly host: string;
  /** Milliseconds by which the server's clock is ahead. */
  readonly aheadMs: number;
  /** Names of other hosts: rows by `operator:NAME@HOST` are theirs. */
  readonly others: ReadonlySet<string>;
}

/** The decision that a row is, to be shared; undefined for rows that are this host's own business, or another host's decision. */
export function orderOf(entry: AuditEntry, { host, aheadMs, others }: OrderContext): Order | undefined {
  const { actor, action, timeMs, detail } = entry;
  if (entry.id === 0 || actor === 'system' || actor.startsWith('policy@')) return undefined;
  if (others.has(actor.slice(actor.lastIndexOf('@') + 1))) return undefined;
  const common = { host, actor, atMs: Math.round(timeMs + aheadMs), reason: detail };
  const none = { untilMs: null, tier: 0, condition: '', digest: '' };
  switch (action) {
    case 'ban': {
      const { client, condition, numbers, durationSeconds, tier, enforced } = entry;
      if (!enforced || typeof numbers?.origin === 'string') return undefined;
      const untilMs = durationSeconds === null ? null : Math.round(timeMs + durationSeconds * 1000 + aheadMs);
      const reason = detail || (numbers ? briefReason(condition, numbers) : '');
      return {
        ...common,
        kind: action,
        target: client,
        untilMs,
        tier: tier ?? 0,
        condition,
        reason,
        digest: digestOf(numbers),
      };
    }
    case 'unban':
    case 'allow':
    case 'disallow':
      if (!actor.startsWith(OPERATOR)) return undefined;
      return { ...common, ...none, kind: action, target: entry.client };
    case 'panic':
    case 'panic_end':
      return { ...common, ...none, kind: action, target: '' };
    default:
      return undefined;
  }
}

/** A ban in force, as it was or would have been shared: with the host that decided it. Undefined for a would-be ban. */
export function orderOfBan(ban: ActiveBan, host: string, aheadMs: number): Order | undefined {
  if (!ban.enforced || ban.actor === 'system') return undefined;
  const { client, condition, tier, sinceMs, untilMs, numbers } = ban;
  const origin = findOrigin(ban);
  const digest = typeof numbers?.digest === 'string' ? numbers.digest : digestOf(numbers);
  const reason = ban.reason || (numbers && origin === undefined ? briefReason(condition, numbers) : '');
  return {
    kind: 'ban',
    host: origin ?? host,
    actor: origin === undefined ? ban.actor : ban.actor.slice(0, -origin.length - 1),
    target: client,
    atMs: Math.round(sinceMs + aheadMs),
    untilMs: untilMs === null ? null : Math.round(untilMs + aheadMs),
    ...{ tier, condition, reason, digest },
  };
}

function digestOf(numbers: ActiveBan['numbers']): string {
  return numbers === null
    ? ''
    : createHash('sha256').update(JSON.stringify(numbers)).digest('hex').slice(0, DIGEST_DIGITS);
}
