/** Rows of the trail as decisions that a fleet shares, and whose a row is. */
import { createHash } from 'node:crypto';
import type { UnbanRequest } from '../../control/protocol.ts';
import { briefReason } from '../../english/reason.ts';
import type { ActiveBan, AuditEntry } from '../../model/audit.ts';
import { formatPrefix, parsePrefix } from '../../net/prefix.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { Order } from '../../share/order.ts';
import { findOrigin } from '../bans/origin.ts';
import type { Panic } from '../orders/panic.ts';

const DIGEST_DIGITS = 16;
const OPERATOR = 'operator:';
/** Releases by people that are said again when the server comes back: it may have lost them. */
const [AGAIN_ROWS, AGAIN_MS] = [20_000, 3_600_000];
const NO_BAN = { untilMs: null, tier: 0, condition: '', digest: '' };

export interface OrderContext {
  readonly host: string;
  /** Milliseconds by which the server's clock is ahead. */
  readonly aheadMs: number;
  /** Names of other hosts: rows by `operator:NAME@HOST` are theirs, or this host's that it heard again. */
  readonly others: ReadonlySet<string>;
}

/** The decision that a row is, to be shared; undefined for rows that are this host's own business, or came over the server. */
export function orderOf(entry: AuditEntry, context: OrderContext): Order | undefined {
  const { host, aheadMs } = context;
  const { actor, action, timeMs, detail } = entry;
  if (entry.id === 0 || actor === 'system' || actor.startsWith('policy@')) return undefined;
  if (findSpeaker(actor, context) !== undefined) return undefined;
  const common = { host, actor, atMs: Math.round(timeMs + aheadMs), reason: detail };
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
      return { ...common, ...NO_BAN, kind: action, target: entry.client };
    case 'panic':
    case 'panic_end':
      return { ...common, ...NO_BAN, kind: action, target: '' };
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

/** Releases that a person asked for, whatever this host has to release. */
export function ordersOfUnban(
  { targets, operator, reason }: Pick<UnbanRequest, 'targets' | 'operator' | 'reason'>,
  { host, aheadMs }: OrderContext,
  nowMs: number,
): Order[] {
  const about = { ...NO_BAN, kind: 'unban', host, actor: `operator:${operator}`, reason } as const;
  const prefixes = targets.flatMap((target) => parsePrefix(target) ?? []);
  return prefixes.map((prefix) => ({ ...about, target: formatPrefix(prefix), atMs: Math.round(nowMs + aheadMs) }));
}

/** The panic that stands, as the person decided it. */
function orderOfPanic({ since, by, reason }: Panic, context: OrderContext): Order {
  const atMs = Math.round(Date.parse(since) + context.aheadMs);
  return { ...NO_BAN, kind: 'panic', target: '', ...whoSaid(`${OPERATOR}${by}`, context), atMs, reason };
}

/**
 * What a server that comes back may have lost, as it stands: this host's bans, releases and exceptions. An emptied one has also
 * lost what other hosts decided, and a panic. A server takes no notice of what it knows.
 */
export function ordersToRepeat(
  trail: AuditTrail,
  context: OrderContext,
  nowMs: number,
  emptied?: { readonly panic: Panic | undefined },
): Order[] {
  const { host, aheadMs } = context;
  const orders: Order[] = emptied?.panic ? [orderOfPanic(emptied.panic, context)] : [];
  for (const ban of trail.activeBans(nowMs)) {
    const order = orderOfBan(ban, host, aheadMs);
    if (order && (emptied || order.host === host)) orders.push(order);
  }
  for (const entry of trail.recentUnbans(AGAIN_ROWS, nowMs - AGAIN_MS)) {
    const order = orderOf(entry, context);
    if (order) orders.push(order);
  }
  for (const { entry: target, actor, sinceMs, reason } of trail.allowed()) {
    const who = whoSaid(actor, context);
    if (!actor.startsWith(OPERATOR) || who.host !== host) continue;
    orders.push({ ...NO_BAN, kind: 'allow', ...who, target, atMs: Math.round(sinceMs + aheadMs), reason });
  }
  return orders;
}

/**
 * The host over which `operator:NAME@HOST` came from the server. It may be this one: a database that was restored hears again what this
 * host said since, and must not say as new what people decided long ago.
 */
function findSpeaker(actor: string, { host, others }: OrderContext): string | undefined {
  const name = actor.slice(actor.lastIndexOf('@') + 1);
  return name === host || others.has(name) ? name : undefined;
}

/** The person and the host that an order of `actor` names. */
function whoSaid(actor: Order['actor'], context: OrderContext): Pick<Order, 'host' | 'actor'> {
  const speaker = findSpeaker(actor, context);
  return speaker === undefined
    ? { host: context.host, actor }
    : { host: speaker, actor: actor.slice(0, -speaker.length - 1) };
}

function digestOf(numbers: ActiveBan['numbers']): string {
  return numbers === null
    ? ''
    : createHash('sha256').update(JSON.stringify(numbers)).digest('hex').slice(0, DIGEST_DIGITS);
}
