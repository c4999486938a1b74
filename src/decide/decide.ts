/**
 * All policy in one function: what is proposed and what the ledger knows of it go in, a decision with its reason comes out. The
 * engine proposes what it finds, people what they order; anyone who is to propose bans later is one more source.
 */

import type { FuseTrip, Refusal } from '../model/event.ts';
import { isInForce } from '../model/reconcile.ts';
import type { BanOptions } from '../settings/engine-settings.ts';
import type { Fuse } from './fuse.ts';
import type { NeverBanned } from './never-banned.ts';

/** A client or network judged anomalous; `clients` is how many the window holds. */
interface Finding {
  readonly source: 'policy';
  /** It was served well for a while: the fuse protects it. */
  readonly hasHistory: boolean;
  /** All that counts against it is how much it asked for. */
  readonly isMild: boolean;
  readonly clients: number;
}

/** What a person wants, or brings from elsewhere. */
interface Order {
  readonly source: 'operator';
  /** 0 for a ban of a person's own, which is no offence. */
  readonly tier: number;
  /** Epoch milliseconds; null is permanent, undefined is as long as a first offence. */
  readonly untilMs: number | null | undefined;
  /** A ban that lasts longer stays as it is. */
  readonly keepLonger: boolean;
}

export type Proposal = Finding | Order;

/** What the ledger knows of a proposal's target. */
export interface Known {
  readonly neverBanned: NeverBanned | undefined;
  /** Bans in force, of anybody. */
  readonly active: number;
  /** The ban in force of exactly this target; `isHeld` once the firewall shows it. */
  readonly ban: { readonly untilMs: number | null; readonly isHeld: boolean } | undefined;
  /** Its last offence: the tier decays from the end of that ban. Like the fuse, nothing that an order depends on. */
  readonly offence?: { readonly tier: number; readonly lastMs: number } | undefined;
  readonly fuse?: Pick<Fuse, 'look'>;
}

export type Decision =
  | {
      readonly kind: 'ban';
      readonly tier: number;
      readonly untilMs: number | null;
      /** The shortest ban there is, because it is a first offence and a mild one. */
      readonly lenient?: true;
    }
  | { readonly kind: 'unchanged'; readonly because: Unchanged }
  /** The fuse trips by `fuse`. */
  | ({ readonly kind: 'refused'; readonly fuse?: FuseTrip | undefined } & Refusal);

/** Why an order changes nothing: its time is up, or the ban that there is lasts as long, or longer. */
export type Unchanged = 'over' | 'same' | 'longer';

/** Pure: the caller carries out what is decided. */
export function decide(known: Known, proposal: Proposal, nowMs: number, options: BanOptions): Decision {
  const { neverBanned, ban, active } = known;
  if (neverBanned) return { kind: 'refused', reason: neverBanned.kind, because: neverBanned.because };
  const wanted =
    proposal.source === 'policy' ? findTerm(known, proposal, nowMs, options) : takeTerm(proposal, nowMs, options);
  const unchanged = proposal.source === 'operator' && findUnchanged(proposal, wanted.untilMs, ban, nowMs);
  if (unchanged) return { kind: 'unchanged', because: unchanged };
  if (!ban && active >= options.max_active) return { kind: 'refused', reason: 'limit', because: active };
  // Strangers neither trip the fuse nor are spared by it; a person's order is the person's decision.
  if (proposal.source === 'policy' && proposal.hasHistory) {
    const verdict = known.fuse?.look(Math.floor(nowMs / 1000), proposal.clients);
    if (verdict?.admitted === false) return { kind: 'refused', reason: 'fuse', fuse: verdict.event };
  }
  return { kind: 'ban', ...wanted };
}

type Term = Omit<Extract<Decision, { kind: 'ban' }>, 'kind'>;

/** By the schedule: the tier after that of the last offence; of a mild first one the shortest entry, wherever it stands. */
function findTerm({ offence }: Known, { isMild }: Finding, nowMs: number, options: BanOptions): Term {
  const tier = offence ? tierAfter(offence.tier, nowMs - offence.lastMs, options) : 1;
  const shortestMs = Math.min(...options.schedule.map((ms) => ms ?? Number.POSITIVE_INFINITY));
  if (isMild && tier === 1 && shortestMs < Number.POSITIVE_INFINITY)
    return { tier, untilMs: nowMs + shortestMs, lenient: true };
  const lastsMs = durationOf(tier, options);
  return { tier, untilMs: lastsMs === null ? null : nowMs + lastsMs };
}

function takeTerm({ tier, untilMs }: Order, nowMs: number, options: BanOptions): Term {
  if (untilMs !== undefined) return { tier, untilMs };
  const lastsMs = durationOf(1, options);
  return { tier, untilMs: lastsMs === null ? null : nowMs + lastsMs };
}

/** Why nothing is to be done; undefined when the ban is to be recorded. */
function findUnchanged(
  { keepLonger }: Order,
  untilMs: number | null,
  ban: Known['ban'],
  nowMs: number,
): Unchanged | undefined {
  if (!isInForce(untilMs, nowMs)) return 'over';
  // The firewall has no news of a ban that it holds as it is.
  if (ban?.isHeld && ban.untilMs === untilMs) return 'same';
  const covered = ban && (ban.untilMs === null || (untilMs !== null && untilMs <= ban.untilMs));
  return keepLonger && covered ? 'longer' : undefined;
}

/** The tier of the next ban: one more than the last, less one for every whole decay period without a ban. */
export function tierAfter(tier: number, quietMs: number, { decay }: Pick<BanOptions, 'decay'>): number {
  return Math.max(0, tier - Math.floor(Math.max(0, quietMs) / decay)) + 1;
}

/** How long a ban of this tier lasts, milliseconds; null is permanent. The schedule's last entry repeats. */
export function durationOf(tier: number, { schedule }: Pick<BanOptions, 'schedule'>): number | null {
  return schedule[Math.min(tier, schedule.length) - 1] ?? null;
}
