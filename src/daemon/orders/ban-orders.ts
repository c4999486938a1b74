/** What people want banned, judged by the rules that hold for policy too: who may be banned, for how long, how many. */
import type { Config } from '../../config/schema.ts';
import type { BanOrder, BanRequest, TargetResult } from '../../control/protocol.ts';
import { type Decision, decide, type Proposal } from '../../decide/decide.ts';
import type { ActiveBan, DraftOf } from '../../model/audit.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import { endOf, explainWidth, targetResult } from './order-answers.ts';
import type { Protection } from './protection.ts';

export interface OrderRules {
  readonly config: Config;
  readonly trail: AuditTrail;
  readonly protection: Pick<Protection, 'find'>;
  /** False in observe mode. */
  readonly enforce: boolean;
  readonly timeMs: number;
}

/** A ban that is to be recorded. */
export interface AcceptedBan {
  readonly prefix: Prefix;
  readonly untilMs: number | null;
  readonly draft: DraftOf<'ban'>;
}

/** An order that is not carried out; `why` where it was refused, and not merely idle or unreadable. */
export interface RefusedOrder {
  readonly result: TargetResult;
  readonly why?: Extract<Decision, { readonly kind: 'refused' }>;
}

export interface JudgedOrders {
  /** By canonical name; of a target that comes twice the last order counts. */
  readonly accepted: ReadonlyMap<string, AcceptedBan>;
  readonly refused: readonly RefusedOrder[];
}

/** Judges every order; one that is refused does not stop the others. */
export function judgeOrders(request: BanRequest, rules: OrderRules): JudgedOrders {
  const { config, trail, protection, timeMs } = rules;
  const accepted = new Map<string, AcceptedBan>();
  const refused: RefusedOrder[] = [];
  const { enforced, observed } = trail.countActive(timeMs);
  let active = enforced + observed;
  for (const order of request.bans) {
    const prefix = parseTarget(order.target);
    if ('code' in prefix) {
      refused.push({ result: prefix });
      continue;
    }
    const client = formatPrefix(prefix);
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
      accepted.set(client, { prefix, untilMs, draft: draftOf(client, order, request, untilMs, older, rules) });
    } else if (decision.kind === 'unchanged')
      refused.push({ result: { ...targetResult(client, 'unchanged', decision.detail), ...(before && endOf(before)) } });
    else if (decision.reason === 'limit')
      refused.push({ result: targetResult(client, 'failed', decision.detail), why: decision });
    else
      refused.push({
        result: targetResult(order.target, 'protected', `never banned: ${decision.detail}`),
        why: decision,
      });
  }
  return { accepted, refused };
}

/** The ban in force of exactly this target. One that observe mode noted is none where bans are enforced. */
export function findBan(
  client: string,
  { trail, enforce, timeMs }: Pick<OrderRules, 'trail' | 'enforce' | 'timeMs'>,
): ActiveBan | undefined {
  const ban = trail.findActiveBan(client, timeMs);
  return ban?.enforced === false && enforce ? undefined : ban;
}

function parseTarget(text: string): Prefix | TargetResult {
  const prefix = parsePrefix(text);
  if (!prefix) return targetResult(text, 'invalid', 'neither an address nor a network');
  const width = explainWidth(prefix);
  return width === undefined ? prefix : targetResult(text, 'invalid', width);
}

function proposalOf(order: BanOrder, { forMs: forAllMs, keepLonger }: BanRequest, timeMs: number): Proposal {
  const { tier = 0, forMs = forAllMs } = order;
  const untilMs = order.untilMs ?? (typeof forMs === 'number' ? timeMs + forMs : forMs);
  return { source: 'operator', tier, untilMs, keepLonger };
}

function draftOf(
  client: string,
  { reason, tier = 0, condition = 'manual' }: BanOrder,
  request: BanRequest,
  untilMs: number | null,
  older: string | undefined,
  { enforce, timeMs }: OrderRules,
): DraftOf<'ban'> {
  return {
    timeMs,
    actor: `operator:${request.operator}`,
    action: 'ban',
    client,
    condition,
    numbers: null,
    tier,
    durationSeconds: untilMs === null ? null : (untilMs - timeMs) / 1000,
    enforced: enforce,
    // A ban that is only made longer is still for what it was for.
    detail: (reason ?? request.reason) || (older ?? ''),
  };
}
