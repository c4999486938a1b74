/** The audit trail's vocabulary, shared by the recorder and everybody who reads it. */

/** `policy` is the engine, `operator:NAME` a person at the command line, `system` zban itself. */
export type Actor = 'policy' | 'system' | `operator:${string}`;

export type AuditAction =
  | 'ban' // decision (also in observe mode, then with enforced false)
  | 'ban_result' // the kernel listed it, or why not
  | 'unban' // decision or expiry
  | 'unban_result'
  | 'refused' // would have been banned, but allowlist, protection, fuse or limit
  | 'allow'
  | 'disallow'
  | 'global_anomaly'
  | 'fuse'
  | 'panic' // a person stopped all banning …
  | 'panic_end' // … and let it begin again
  | 'start'
  | 'stop'
  | 'reload'
  | 'trouble'
  | 'prune';

/** A row before it is written. */
export interface AuditDraft {
  /** Epoch milliseconds of the wall clock; for the engine's decisions, when their line was logged. */
  readonly timeMs: number;
  readonly actor: Actor;
  readonly action: AuditAction;
  /** Canonical address or prefix, null where the row is about no client. */
  readonly client: string | null;
  readonly condition: string | null;
  /** The numbers of the decision as in the event, samples included; JSON in the database. */
  readonly numbers: Readonly<Record<string, unknown>> | null;
  readonly tier: number | null;
  /** null is permanent for `ban` rows, not applicable elsewhere. */
  readonly durationSeconds: number | null;
  /** False for observe mode's bans. */
  readonly enforced: boolean;
  /** Result (`ok`, `failed: …`), reason or remark, as people read it. */
  readonly detail: string;
}

/** A row as written: numbered, bound to the configuration in force and to the row before. */
export interface AuditEntry extends AuditDraft {
  readonly id: number;
  /** First 12 hex digits of the SHA-256 of the configuration in force. */
  readonly configVersion: string;
  /** SHA-256, hex, over the previous row's hash and this row's content. */
  readonly hash: string;
}

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
  readonly numbers: Readonly<Record<string, unknown>> | null;
}

/** How often a client was banned for what it did, for its next tier. */
export interface Offence {
  readonly client: string;
  readonly tier: number;
  /** End of its last ban (or the unban), epoch milliseconds: the tier decays from here. */
  readonly lastMs: number;
}
