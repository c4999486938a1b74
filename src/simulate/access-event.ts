/** What an attacker of the simulation does; also the names accepted by `--attacks`. */
export const ATTACK_KINDS = [
  'flood',
  'rare-flood',
  'post-flood',
  'ramp',
  'distributed',
  'distributed-near',
  'distributed-random',
  'scanner',
  'masked-scan',
  'redirect-scan',
  'slow-scan',
  'login',
  'xmlrpc',
  'api-scrape',
  'harvest',
] as const;
export type AttackKind = (typeof ATTACK_KINDS)[number];

/** What can be asked for beside ordinary traffic: attacks, and a crowd of honest visitors that looks like one at first sight. */
export const SITUATION_KINDS = [...ATTACK_KINDS, 'flash-crowd'] as const;
export type SituationKind = (typeof SITUATION_KINDS)[number];

/**
 * Who stands behind a request. `stranger` is a crawler that does not say so; `prober` is the background noise of every
 * public site: a handful of probes, then gone.
 */
export type Role =
  | 'visitor'
  | 'office'
  | 'carrier'
  | 'app'
  | 'crawler'
  | 'stranger'
  | 'monitor'
  | 'health check'
  | 'sync client'
  | 'downloader'
  | 'feed reader'
  | 'editor'
  | 'prober'
  | SituationKind;

/** The sending side of a request: constant for one session. */
export interface Sender {
  /** Address as nginx logs it. */
  readonly ip: string;
  /** What zban would ban: the IPv4 address, or the IPv6 network of 64 bits that `ip` lies in. */
  readonly client: string;
  readonly userAgent: string;
  /** The Host header. */
  readonly host: string;
  readonly role: Role;
}

/** One request, as nginx knows it when it writes the line. */
export interface AccessEvent {
  /** Epoch milliseconds, whole. */
  readonly timeMs: number;
  readonly from: Sender;
  readonly method: string;
  /** Request target with its query, as sent. */
  readonly path: string;
  readonly status: number;
  /** Body bytes of the answer. */
  readonly responseBytes: number;
  /** Time nginx spent on the request, whole milliseconds. */
  readonly requestMs: number;
  /** Empty when the client sent none. */
  readonly referer: string;
}

/** Whether the request is part of an attack on request, which ordinary traffic never is. */
export function isAttack(role: Role): role is AttackKind {
  return (ATTACK_KINDS as readonly string[]).includes(role);
}
