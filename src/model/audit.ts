/** The audit trail's vocabulary, shared by the recorder and everybody who reads it. */

import type { JudgedNumbers, LaneFacts, SiteNumbers } from './judged-numbers.ts';
import { isNumber, isObject, isOneOf, isOptional, isText, type Value } from './shape.ts';

/**
 * `policy` is the engine, `operator:NAME` a person at the command line, `system` zban itself; `policy@HOST` and
 * `operator:NAME@HOST` are those of another host of the fleet.
 */
export type Actor = 'policy' | 'system' | `policy@${string}` | `operator:${string}`;

/** Why a client that was judged anomalous was not banned. */
export type RefusalReason = 'allowlist' | 'protected' | 'fuse' | 'limit' | 'alert';

/** What the firewall answered; `code` says why it failed, `detail` of the row in words. */
export interface ResultNumbers {
  readonly result: 'ok' | 'failed';
  readonly code?: string | undefined;
}

/** Beside the numbers of the judgement; `because` names the entry or the protection. */
export interface RefusedNumbers extends JudgedNumbers {
  readonly reason: RefusalReason;
  readonly because: string;
}

/** Which end of an anomaly of the site. */
export interface SiteEndNumbers extends SiteNumbers {
  readonly phase: 'start' | 'end';
}

/** Which lane, and what it matches. What else its event says is stored beside it, for people alone. */
export interface LaneNumbers extends LaneFacts {
  readonly id: string;
}

/** `until`, RFC 3339, is when banning resumes by itself; only with `tripped`. */
export const isFuseNumbers = isObject({ phase: isOneOf('tripped', 'reset'), until: isOptional(isText) });
export type FuseNumbers = Value<typeof isFuseNumbers>;

/** What was cut off the start of the trail, and which offences are forgotten. */
export const isPruneNumbers = isObject({
  rows: isNumber,
  /** The last row that was deleted. */
  anchor_id: isNumber,
  anchor_hash: isText,
  /** Offences that ended before, epoch milliseconds. */
  offences_before_ms: isNumber,
});
export type PruneNumbers = Value<typeof isPruneNumbers>;

/** Rows that are missing from the trail, from the first to the last. */
export const isLossNumbers = isObject({ lost_from: isNumber, lost_to: isNumber });
export type LossNumbers = Value<typeof isLossNumbers>;

/** This host's clock was set, by so many milliseconds forward or back: the ends of bans recorded after `after_id` moved with it. */
export const isClockNumbers = isObject({ clock_moved_ms: isNumber, after_id: isNumber });
export type ClockNumbers = Value<typeof isClockNumbers>;

/** What a row of each action says besides what every row says; `condition` and `numbers` are columns of the database. */
type Facts =
  /** A decision, also in observe mode (then with `enforced` false). A null duration is permanent. */
  | About<'ban', string, string, JudgedNumbers | null>
  /** What came of it in the firewall. */
  | About<'ban_result' | 'unban_result', string, null, ResultNumbers>
  /** A decision or expiry. */
  | About<'unban', string, null, null>
  /** Would have been banned, but allowlist, protection, fuse or limit. */
  | About<'refused', string, string, RefusedNumbers>
  | About<'allow' | 'disallow', string, null, null>
  | About<'global_anomaly', null, string, SiteEndNumbers>
  /** A lane was opened, by zban or by a person, was kept, and ended. */
  | About<'lane' | 'lane_keep' | 'lane_end', null, null, LaneNumbers>
  /** What nginx made of the lane. */
  | About<'lane_result', null, null, LaneNumbers & ResultNumbers>
  | About<'fuse', null, null, FuseNumbers>
  /** A person stopped all banning, and let it begin again. */
  | About<'panic' | 'panic_end', null, null, null>
  | About<'start' | 'stop' | 'reload', null, null, null>
  /** A person noted something, such as a deploy: `detail` says what. */
  | About<'annotate', null, null, null>
  | About<'trouble', null, null, LossNumbers | ClockNumbers | null>
  | About<'prune', null, null, PruneNumbers>;

type About<Action extends string, Client, Condition, Numbers> = Action extends string
  ? {
      readonly action: Action;
      /** Canonical address or prefix, or the host name of an allowed entry; null where the row is about no client. */
      readonly client: Client;
      readonly condition: Condition;
      /** What code may depend on; JSON in the database. */
      readonly numbers: Numbers;
    }
  : never;

export type AuditAction = Facts['action'];

interface Common {
  /** Epoch milliseconds of the wall clock; for the engine's decisions, when their line was logged. */
  readonly timeMs: number;
  readonly actor: Actor;
  readonly tier: number | null;
  /** null is permanent for `ban` rows, not applicable elsewhere. */
  readonly durationSeconds: number | null;
  /** False for observe mode's bans. */
  readonly enforced: boolean;
  /** Result, reason or remark, for people alone. */
  readonly detail: string;
}

/** A row before it is written. */
export type AuditDraft = Common & Facts;

/** The drafts of some actions. */
export type DraftOf<Action extends AuditAction> = Extract<AuditDraft, { readonly action: Action }>;

/** A row as written: numbered, bound to the configuration in force and to the row before. */
export type AuditEntry = AuditDraft & {
  readonly id: number;
  /** First 12 hex digits of the SHA-256 of the configuration in force. */
  readonly configVersion: string;
  /** SHA-256, hex, over the previous row's hash and this row's content. */
  readonly hash: string;
};

/** The entries of some actions. */
export type EntryOf<Action extends AuditAction> = Extract<AuditEntry, { readonly action: Action }>;

/** A ban in force, as derived from the trail. */
export interface ActiveBan {
  readonly client: string;
  readonly condition: string;
  readonly tier: number;
  readonly sinceMs: number;
  /** null is permanent. */
  readonly untilMs: number | null;
  readonly enforced: boolean;
  readonly actor: Actor;
  readonly reason: string;
  /** Id of the audit row that decided it. */
  readonly auditId: number;
  /** True once the kernel listed it. */
  readonly confirmed: boolean;
  readonly numbers: JudgedNumbers | null;
}

/** How often a client was banned for what it did, for its next tier. */
export interface Offence {
  readonly client: string;
  readonly tier: number;
  /** End of its last ban (or the unban), epoch milliseconds: the tier decays from here. */
  readonly lastMs: number;
}
