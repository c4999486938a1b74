/** What people want banned, judged by the rules that hold for policy too: who may be banned, for how long, how many. */
import type { Config } from '../config/schema.ts';
import type { BanOrder, BanRequest, TargetResult } from '../control/protocol.ts';
import type { ActiveBan, DraftOf } from '../model/audit.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../net/prefix.ts';
import type { BanTrail } from './bans.ts';
import type { Protection } from './protection.ts';

/** Widest network an operator may ban, by family: a slip of the keyboard must not shut out the world. */
const BITS_MIN = { 4: 8, 6: 16 } as const;

export interface OrderRules {
  readonly config: Config;
  readonly trail: Pick<BanTrail, 'countActive' | 'findActiveBan'>;
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

export interface JudgedOrders {
  /** By canonical name; of a target that comes twice the last order counts. */
  readonly accepted: ReadonlyMap<string, AcceptedBan>;
  readonly refused: readonly TargetResult[];
}

export function targetResult(target: string, code: TargetResult['code'], message: string): TargetResult {
  return { target, ok: code === 'done' || code === 'unchanged', code, message };
}

/** The end of a ban, as an answer has it. */
export function endOf({ untilMs }: Pick<ActiveBan, 'untilMs'>): Pick<TargetResult, 'until'> {
  return { until: untilMs === null ? null : new Date(untilMs).toISOString() };
}

/** Judges every order; one that is refused does not stop the others. */
export function judgeOrders(request: BanRequest, rules: OrderRules): JudgedOrders {
  const { config, trail, timeMs } = rules;
  const accepted = new Map<string, AcceptedBan>();
  const refused: TargetResult[] = [];
  const { enforced, observed } = trail.countActive(timeMs);
  let room = config.bans.max_active - enforced - observed;
  for (const order of request.bans) {
    const prefix = parsePrefix(order.target);
    const refusal = findRefusal(order.target, prefix, rules);
    if (refusal || !prefix) {
      if (refusal) refused.push(refusal);
      continue;
    }
    const client = formatPrefix(prefix);
    const untilMs = findEnd(order, request, rules);
    const before = accepted.get(client) ?? trail.findActiveBan(client, timeMs);
    const unchanged = findUnchanged(request, untilMs, before, timeMs);
    if (unchanged) refused.push({ ...targetResult(client, 'unchanged', unchanged), ...(before && endOf(before)) });
    else if (!before && room <= 0) {
      refused.push(
        targetResult(client, 'failed', `${config.bans.max_active} bans are in force already (bans.max_active)`),
      );
    } else {
      if (!before) room--;
      const older = before && 'draft' in before ? before.draft.detail : before?.reason;
      accepted.set(client, { prefix, untilMs, draft: draftOf(client, order, request, untilMs, older, rules) });
    }
  }
  return { accepted, refused };
}

function findRefusal(text: string, prefix: Prefix | undefined, rules: OrderRules): TargetResult | undefined {
  if (!prefix) return targetResult(text, 'invalid', `'${text}' is no address and no network`);
  const bitsMin = BITS_MIN[prefix.family];
  if (prefix.bits < bitsMin) return targetResult(text, 'invalid', `/${prefix.bits} is too wide: at least /${bitsMin}`);
  const never = rules.protection.find(prefix);
  return never && targetResult(text, 'protected', `never banned: ${never.detail}`);
}

function findEnd(order: BanOrder, request: BanRequest, { config, timeMs }: OrderRules): number | null {
  if (order.untilMs !== undefined) return order.untilMs;
  const { forMs = request.forMs } = order;
  const lastsMs = forMs === undefined ? (config.bans.schedule[0] ?? null) : forMs;
  return lastsMs === null ? null : timeMs + lastsMs;
}

/** Why nothing is to be done; undefined when the ban is to be recorded. */
function findUnchanged(
  { keepLonger }: BanRequest,
  untilMs: number | null,
  before: (Pick<ActiveBan, 'untilMs'> & Partial<Pick<ActiveBan, 'confirmed'>>) | undefined,
  timeMs: number,
): string | undefined {
  if (untilMs !== null && untilMs <= timeMs) return 'its time is up already';
  // The firewall has no news of a ban that it holds as it is.
  if (before?.confirmed && before.untilMs === untilMs) return 'is banned for as long already';
  const covered = before && (before.untilMs === null || (untilMs !== null && untilMs <= before.untilMs));
  return keepLonger && covered ? 'is banned for at least as long already' : undefined;
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
