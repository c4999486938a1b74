/** What the engine's events become in the audit trail and in Slack. */
import type { ActiveBan, Actor, AuditDraft, DraftOf, RefusalReason } from '../../model/audit.ts';
import type { Notification } from '../../model/notification.ts';
import { FEW } from '../../model/reconcile.ts';
import type { EngineEvent, FuseEvent } from '../../model/told-event.ts';
import { BLANK } from '../../record/row/row.ts';
import type { Remainder } from './overlap.ts';

const POLICY = { ...BLANK, actor: 'policy' } as const;

/** Why a ban was refused, in a row's words: an entry of the allowlist says itself what it is. */
export const describeRefusal = (reason: RefusalReason, because: string): string =>
  because.startsWith(`${reason}: `) ? because : `${reason}: ${because}`;

/**
 * The row for an event; undefined for recalculated baselines (they go into the text log only) and for the engine's own
 * releases (live, the wall clock releases).
 */
export function draftOf(event: EngineEvent, enforced: boolean): AuditDraft | undefined {
  const said = { ...POLICY, timeMs: Date.parse(event.time), enforced };
  switch (event.event) {
    case 'ban': {
      const {
        event: action,
        time: _,
        ip: client,
        condition,
        tier,
        duration_seconds: durationSeconds,
        ...numbers
      } = event;
      const detail = enforced ? '' : 'would ban (observe mode)';
      return { ...said, action, client, condition, numbers, tier, durationSeconds, detail };
    }
    case 'refused': {
      const { event: action, time: _, ip: client, condition, detail: because, ...numbers } = event;
      const detail = describeRefusal(event.reason, because);
      return { ...said, action, client, condition, numbers: { ...numbers, because }, detail };
    }
    case 'global_anomaly': {
      const { event: action, time: _, condition, ...numbers } = event;
      return { ...said, action, condition, numbers, detail: event.phase };
    }
    case 'fuse': {
      const { event: action, phase, until } = event;
      const numbers = { phase, ...(until !== undefined && { until }) };
      return { ...said, action, numbers, detail: `${describeFusePhase(event)}: ${event.detail}` };
    }
    case 'baseline':
    case 'lane':
    case 'unban':
      return undefined;
  }
}

/** The row of a ban that is lifted. */
export function unbanDraft(
  { client, tier, enforced }: Pick<ActiveBan, 'client' | 'tier' | 'enforced'>,
  actor: Actor,
  timeMs: number,
  reason: string,
): DraftOf<'unban'> {
  return {
    timeMs,
    actor,
    action: 'unban',
    client,
    condition: null,
    numbers: null,
    tier,
    durationSeconds: null,
    enforced,
    detail: reason,
  };
}

/** `tripped until 2026-11-20T10:21:12Z`, or `reset`. */
function describeFusePhase({ phase, until }: FuseEvent): string {
  if (phase === 'reset') return phase;
  return until === undefined ? 'tripped' : `tripped until ${until}`;
}

/** The row of a fuse that a person reset. */
export function fuseResetDraft(timeMs: number, operator: string, reason: string, outcome: string): DraftOf<'fuse'> {
  const detail = `reset: ${[reason, outcome].filter(Boolean).join('; ')}`;
  const said = { ...BLANK, actor: `operator:${operator}`, timeMs, enforced: true, detail } as const;
  return { ...said, action: 'fuse', numbers: { phase: 'reset' } };
}

const CLIENTS_TOLD = 10;

/** How people are told of a ban that was lifted. */
export function describeUnban(
  { client, tier, enforced }: Pick<ActiveBan, 'client' | 'tier' | 'enforced'>,
  actor: Actor,
  timeMs: number,
  reason: string,
  { failure, blockedBy, within }: Remainder,
): Notification {
  const time = new Date(timeMs).toISOString();
  const rest = { ...(failure !== undefined && { failure }), blockedBy, within: within.length };
  return { kind: 'unban', time, ip: client, tier, reason, operator: operatorOf(actor), enforced, ...rest };
}

/** What a person can order. */
export type Order = DraftOf<'ban' | 'allow' | 'disallow'>;

/** How people are told of what somebody ordered; `isHeld` says whether the firewall holds a ban. Lists are one message. */
export function describeOrders(
  drafts: readonly Order[],
  enforced: boolean,
  isHeld: (client: string) => boolean,
): readonly Notification[] {
  const [first] = drafts;
  if (first === undefined) return [];
  const counts = { count: drafts.length, wouldBe: enforced ? 0 : drafts.length };
  const isList = drafts.some(({ action, condition }) => action === 'ban' && condition !== 'manual');
  if (first.action === 'ban' && (isList || drafts.length > FEW))
    return [describeMany('ban', { ...counts, first: drafts }, first.actor, first.timeMs, first.detail)];
  const told = drafts.slice(0, FEW).map((draft): Notification => {
    const { action, client: target, detail: reason, durationSeconds, timeMs } = draft;
    const confirmed = action === 'ban' && enforced && isHeld(target);
    const order = { kind: 'order', time: new Date(timeMs).toISOString(), action, target, reason } as const;
    return { ...order, operator: operatorOf(draft.actor) ?? 'zban', durationSeconds, enforced, confirmed };
  });
  const last = told.at(-1);
  const more = drafts.length - told.length;
  if (more === 0 || last?.kind !== 'order') return told;
  return [...told.slice(0, -1), { ...last, target: `${last.target} and ${more} more` }];
}

interface ManyClients {
  readonly count: number;
  /** How many of these are would-be bans. */
  readonly wouldBe: number;
  readonly first: readonly { readonly client: string | null }[];
}

/** How people are told of many bans that began or were lifted together. */
export function describeMany(
  action: 'ban' | 'unban',
  { count, wouldBe, first }: ManyClients,
  actor: Actor,
  timeMs: number,
  reason: string,
): Notification {
  const clients = first.slice(0, CLIENTS_TOLD).map(({ client }) => client ?? '');
  const time = new Date(timeMs).toISOString();
  const counts = { count, ...(wouldBe > 0 && { wouldBe }) };
  return { kind: 'many', time, action, operator: operatorOf(actor), ...counts, clients, reason };
}

/** The name of a person; null for zban itself. */
function operatorOf(actor: Actor): string | null {
  return actor.startsWith('operator:') ? actor.slice('operator:'.length) : null;
}

/** Who lifts the bans of a panic, and why, in their rows. */
export const liftedBy = (operator: string, reason: string) =>
  [`operator:${operator}`, ['panic', reason].filter(Boolean).join(': ')] as const;
