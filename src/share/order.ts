/** A decision that a host of a fleet tells the others. */

export const ORDER_KINDS = ['ban', 'unban', 'allow', 'disallow', 'panic', 'panic_end'] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

/** What fleet.host may be, and what is made of a host's own name. */
const HOST = /^[A-Za-z0-9._-]{1,100}$/;

/** One decision of one host. Times are epoch milliseconds by the server's clock. */
export interface Order {
  readonly kind: OrderKind;
  /** The host that decided. */
  readonly host: string;
  /** `policy`, or `operator:NAME` for a person. */
  readonly actor: string;
  /** Canonical address or prefix; for `allow` and `disallow` a host name too; empty for a panic. */
  readonly target: string;
  readonly atMs: number;
  /** Of a ban: its end; null is permanent. */
  readonly untilMs: number | null;
  /** Of a ban: 0 is no offence. */
  readonly tier: number;
  readonly condition: string;
  readonly reason: string;
  /** Of a ban: first 16 hex digits of the SHA-256 of the numbers that it was decided by; empty without any. */
  readonly digest: string;
}

export const isHost = (text: string): boolean => HOST.test(text);

/** True of a person's decision. */
export function isPersonal({ actor }: Pick<Order, 'actor'>): boolean {
  return actor.startsWith('operator:');
}

/** True of what a person wants now: it goes ahead of bans that zban decided, or that stand on a list. */
export function isUrgent({ kind, condition }: Pick<Order, 'kind' | 'condition'>): boolean {
  return kind !== 'ban' || condition === 'manual';
}

/** Who decided and where, for the audit trail: `operator:anna@web-2`, `policy@web-2`. */
export function actorOf({ actor, host }: Pick<Order, 'actor' | 'host'>): `operator:${string}` | `policy@${string}` {
  return isPersonal({ actor }) ? (`${actor}@${host}` as `operator:${string}`) : `policy@${host}`;
}
