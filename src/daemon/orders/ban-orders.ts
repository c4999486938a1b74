/** What people want banned, judged by the rules that hold for policy too: who may be banned, for how long, how many. */

import type { Config } from '../../config/schema.ts';
import type { BanOrder, BanRequest, TargetResult } from '../../control/protocol.ts';
import { type Decision, decide, type Proposal } from '../../decide/decide.ts';
import { type Offender, packOffenders } from '../../decide/offender-table.ts';
import { describeUnchanged, explainRefusal } from '../../english/refusal.ts';
import type { ActiveBan, DraftOf } from '../../model/audit.ts';
import type { ClientScheme } from '../../net/client-key.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { Pipeline } from '../../workers/pipeline.ts';
import { offenderOf } from '../records/offenders.ts';
import { endOf, explainWidth, targetResult } from './order-answers.ts';
import type { Protection } from './protection.ts';

/** What an order says of all its bans. */
type Common = Omit<BanRequest, 'bans'>;

export interface OrderRules {
  readonly config: Config;
  readonly trail: AuditTrail;
  readonly protection: Pick<Protection, 'find'>;
  /** False in observe mode. */
  readonly enforce: boolean;
  readonly timeMs: number;
}

/** What an order is about. */
export interface BanTarget {
  readonly prefix: Prefix;
  /** Its canonical name. */
  readonly client: string;
}

/** An order whose target was read. What another host decided says who did, when, and by which numbers. */
export type ParsedOrder = BanOrder &
  BanTarget & {
    readonly actor?: DraftOf<'ban'>['actor'];
    readonly sinceMs?: number;
    readonly numbers?: DraftOf<'ban'>['numbers'];
  };

/** A ban that is to be recorded. */
export interface AcceptedBan {
  readonly prefix: Prefix;
  readonly untilMs: number | null;
  readonly draft: DraftOf<'ban'>;
}

/** An order that is not carried out; `why` where it was refused, and not merely idle. */
export interface RefusedOrder {
  readonly result: TargetResult;
  readonly why?: Extract<Decision, { readonly kind: 'refused' }>;
}

export interface JudgedOrders {
  /** By canonical name; of a target that comes twice the last order counts. */
  readonly accepted: Map<string, AcceptedBan>;
  readonly refused: readonly RefusedOrder[];
}

/** Reads the target of an order; an answer for what can be none. */
export function parseTarget(text: string): BanTarget | TargetResult {
  const prefix = parsePrefix(text);
  if (!prefix) return targetResult(text, 'invalid', 'neither an address nor a network');
  const width = explainWidth(prefix);
  return width === undefined ? { prefix, client: formatPrefix(prefix) } : targetResult(text, 'invalid', width);
}

/** Judges every order; one that is refused does not stop the others. */
export function judgeOrders(orders: Iterable<ParsedOrder>, request: Common, rules: OrderRules): JudgedOrders {
  const { config, trail, protection, timeMs } = rules;
  const accepted = new Map<string, AcceptedBan>();
  const refused: RefusedOrder[] = [];
  const { enforced, observed } = trail.countActive(timeMs);
  let active = enforced + observed;
  for (const order of orders) {
    const { client, prefix } = order;
    const before = accepted.get(client) ?? findBan(client, rules);
    const known = {
      neverBanned: protection.find(prefix),
      active,
      ban: before && { untilMs: before.untilMs, isHeld: 'confirmed' in before && before.confirmed },
    };
    const decision = decide(known, proposalOf(order, request, timeMs), timeMs, config.bans);
    if (decision.kind === 'ban') {
      if (!before) active++;
      const older = before && 'draft' in before ? before.draft.detail : before?.reason;
      const { untilMs } = decision;
      accepted.set(client, { prefix, untilMs, draft: draftOf(order, request, untilMs, older, rules) });
    } else if (decision.kind === 'unchanged')
      refused.push({
        result: {
          ...targetResult(client, 'unchanged', describeUnchanged(decision.because)),
          ...(before && endOf(before)),
        },
      });
    else if (decision.reason === 'limit')
      refused.push({ result: targetResult(client, 'failed', explainRefusal(decision)), why: decision });
    else
      refused.push({
        result: targetResult(order.target, 'protected', `never banned: ${explainRefusal(decision)}`),
        why: decision,
      });
  }
  return { accepted, refused };
}

/** Tells the engine of bans that were recorded, but for those of networks that it has none of. */
export async function informEngine(
  pipeline: Pick<Pipeline, 'send'>,
  bans: Iterable<AcceptedBan>,
  scheme: ClientScheme,
): Promise<void> {
  const offenders: Offender[] = [];
  for (const { prefix, untilMs, draft } of bans) {
    const offender = offenderOf(prefix, draft.tier ?? 0, untilMs, scheme);
    if (offender) offenders.push(offender);
  }
  if (offenders.length > 0) await pipeline.send({ kind: 'set_bans', offenders: packOffenders(offenders) });
}

/** The ban in force of exactly this target. One that observe mode noted is none where bans are enforced. */
export function findBan(
  client: string,
  { trail, enforce, timeMs }: Pick<OrderRules, 'trail' | 'enforce' | 'timeMs'>,
): ActiveBan | undefined {
  const ban = trail.findActiveBan(client, timeMs);
  return ban?.enforced === false && enforce ? undefined : ban;
}

function proposalOf(
  { tier = 0, forMs, untilMs }: ParsedOrder,
  { forMs: forAllMs, keepLonger }: Common,
  timeMs: number,
): Proposal {
  const lastsMs = forMs === undefined ? forAllMs : forMs;
  const endMs = untilMs ?? (typeof lastsMs === 'number' ? timeMs + lastsMs : lastsMs);
  return { source: 'operator', tier, untilMs: endMs, keepLonger };
}

function draftOf(
  order: ParsedOrder,
  request: Common,
  untilMs: number | null,
  older: string | undefined,
  { enforce, timeMs: nowMs }: OrderRules,
): DraftOf<'ban'> {
  const { client, reason, tier = 0, condition = 'manual', actor, sinceMs = nowMs, numbers = null } = order;
  // What is left of a ban of another host begins when it was decided, or now where that is said to come.
  const timeMs = Math.min(sinceMs, nowMs);
  return {
    timeMs,
    actor: actor ?? `operator:${request.operator}`,
    action: 'ban',
    client,
    condition,
    numbers,
    tier,
    durationSeconds: untilMs === null ? null : (untilMs - timeMs) / 1000,
    enforced: enforce,
    // A ban that is only made longer is still for what it was for.
    detail: (reason ?? request.reason) || (older ?? ''),
  };
}
