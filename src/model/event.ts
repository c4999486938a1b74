/**
 * What the engine tells the outside: facts and decisions, in log time; live, by the wall clock. Field names are those of
 * `zban replay --json`, so that one type serves the live daemon, the replay and the audit trail.
 */

import type { RuleName } from '../detect/rules.ts';
import type { RefusalReason } from './audit.ts';
import type { LaneEvent, NetworkProof } from './lane.ts';
import { formatSecond, parseSecond } from './time.ts';

/**
 * Why a client, a network (`swarm`) or the site was judged anomalous. `fleet`: by what all hosts of a fleet counted together.
 * `manual` and `import` are an operator's bans.
 */
export type Condition =
  | 'z_score'
  | 'multiplier'
  | 'error_surge'
  | 'warmup_ceiling'
  | RuleName
  | 'fleet'
  | 'site_requests'
  | 'site_newcomers'
  | 'site_clients'
  | 'site_z_score'
  | 'site_multiplier'
  | 'swarm'
  | 'manual'
  | 'list'
  | 'import';

/** True of what may be a condition, one that this version does not know included: files and other hosts write them. */
export const isConditionWord = (text: string): boolean => /^\w{1,64}$/.test(text);

/** One request of a flagged client, as text from the log, control characters removed and cut to a readable length. */
export interface Sample {
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly user_agent: string;
}

/** More numbers of the rules that count points. */
export interface PointsEvidence {
  /** Where all hosts of a fleet counted them: by which rule. */
  readonly rule?: RuleName;
  /** What its requests added up to, what is tolerated, and what drains a minute. */
  readonly points: number;
  readonly points_limit: number;
  readonly points_leak: number;
}

/** What the logs show, not raised to any floor; requests a second, and the share of 4xx. Null while nothing was learned. */
export interface Learned {
  readonly mean: number | null;
  readonly stddev: number | null;
  readonly error_ratio: number | null;
}

/** The numbers behind a judgement. Rates are requests per second. */
export interface Evidence extends Partial<PointsEvidence> {
  /** The IPv4 address that an IPv6 client stands for (NAT64, SIIT-DC, 6to4). */
  readonly ipv4?: string;
  /** Of a network: how many of its clients attacked. */
  readonly clients?: number;
  readonly condition: Condition;
  /** Weighted requests a second over the window. */
  readonly rate: number;
  /** Baseline the rate was held against, requests a second. */
  readonly mean: number;
  readonly stddev: number;
  readonly z: number;
  readonly multiple: number;
  /** The rate that would have been tolerated, requests a second. */
  readonly limit: number;
  /** Requests in the window, every one counted, and those answered 4xx. */
  readonly requests: number;
  readonly errors: number;
  /** Share of 4xx in the window and in the baseline, 0–1. */
  readonly error_ratio: number;
  readonly baseline_error_ratio: number;
  readonly window_seconds: number;
  /** Seconds over which those requests came: the window, or less for a client first seen within it. */
  readonly span_seconds: number;
  /** Whose rate the baseline is: that of other clients, or in the profile classic that of the whole site. */
  readonly baseline_of: 'client' | 'site';
  /** The baseline as it was learned; absent in rows of older versions. */
  readonly learned?: Learned;
  /** Up to five of the client's requests, newest last. */
  readonly samples: readonly Sample[];
}

/** What a client was when it was banned. */
export interface Past {
  /** Different hours before this one in which most of its requests were answered. */
  readonly hours: number;
  /** All its requests until then, and those that were answered well (2xx, 304). */
  readonly requests: number;
  readonly answered: number;
  /** Since its visit began: no pause in it was longer than ten minutes. */
  readonly visit_seconds: number;
}

/** A decision to ban. `time` is the log second of the request that crossed the limit, RFC 3339; live, as this host's clock has it. */
export interface BanEvent extends Evidence {
  readonly event: 'ban';
  readonly time: string;
  /** The same as the log has it, only where its clock differs. */
  readonly log_time?: string;
  readonly ip: string;
  /** 1 is the first offence. */
  readonly tier: number;
  /** null is permanent. */
  readonly duration_seconds: number | null;
  /** Only of the shortest ban there is, because nothing but how much it asked for counts against a first offender. */
  readonly lenient?: true;
  /** Only where a history is kept, for reports. */
  readonly past?: Past;
  /** Only of a network banned for a swarm. */
  readonly swarm?: NetworkProof;
}

export interface UnbanEvent {
  readonly event: 'unban';
  readonly time: string;
  readonly ip: string;
  readonly tier: number;
  readonly reason: 'expired' | 'operator';
}

/** A client that should have been banned and was not. */
export interface RefusedEvent extends Evidence {
  readonly event: 'refused';
  readonly time: string;
  readonly ip: string;
  readonly reason: RefusalReason;
  /** Only of a network that would have been banned for a swarm. */
  readonly swarm?: NetworkProof;
  /** The allowlist entry or the protection that matched. */
  readonly detail: string;
}

export interface TopEntry {
  readonly name: string;
  readonly requests: number;
  /** Share of the window's requests, 0–1. */
  readonly share: number;
}

/** What makes up more of a surge than of ordinary traffic. */
export interface ExcessEntry extends TopEntry {
  /** 0–1; null while too little ordinary traffic is known. */
  readonly usual_share: number | null;
}

/** The numbers of both ends of a site-wide anomaly. */
interface GlobalAnomaly {
  readonly event: 'global_anomaly';
  readonly time: string;
  readonly condition: 'site_requests' | 'site_newcomers' | 'site_clients' | 'site_z_score' | 'site_multiplier';
  /** Requests a second over ten seconds, and the baseline: of all in profile classic, else of those that are no static files. */
  readonly rate: number;
  readonly mean: number;
  readonly stddev: number;
  readonly z: number;
  readonly multiple: number;
  /**
   * What the condition compares with what is usual and with its limit: requests, newcomers or clients in a window, in
   * profile classic requests a second.
   */
  readonly measured: number;
  readonly usual: number;
  readonly limit: number;
  /** What it looks like, judged at its start. */
  readonly verdict: 'attack' | 'visitors' | 'unclear';
  /** When the surge began, as far as the seconds before show: the same at both ends, and of no other surge. */
  readonly since: string;
  /** The most requests a second over ten seconds so far. */
  readonly peak_rate: number;
  /** The most of what the condition measures so far. */
  readonly peak_measured: number;
}

/** The site as a whole left its baseline. Never bans. */
export interface GlobalAnomalyStart extends GlobalAnomaly {
  readonly phase: 'start';
  /** The verdict as a sentence with its reasons; nothing in it comes from the log. */
  readonly detail: string;
  readonly top_clients: readonly TopEntry[];
  /** What is over-represented in the newest lines, the largest growth first. Paths of one pattern are one. */
  readonly top_prefixes: readonly ExcessEntry[];
  readonly top_paths: readonly ExcessEntry[];
  readonly top_user_agents: readonly ExcessEntry[];
  /** Share of the requests by clients first seen within the last minute, 0–1; null while it isn't known who is new. */
  readonly new_client_share: number | null;
  readonly usual_new_client_share: number | null;
}

/** The site is back at its baseline, or what was an anomaly has become normal. */
export interface GlobalAnomalyEnd extends GlobalAnomaly {
  readonly phase: 'end';
  /** From the beginning of the surge to its last second above the limit. */
  readonly duration_seconds: number;
  /** Requests beyond the mean of the baseline. */
  readonly extra_requests: number;
  /** Clients banned meanwhile. */
  readonly bans: number;
  /** It ended because the log fell silent: `rate` is that of now. */
  readonly silent?: true;
}

export type GlobalAnomalyEvent = GlobalAnomalyStart | GlobalAnomalyEnd;

/** Mean and standard deviation, requests a second. */
export interface Level {
  readonly mean: number;
  readonly stddev: number;
}

/** The baselines after a recalculation. */
export interface BaselineEvent {
  readonly event: 'baseline';
  readonly time: string;
  /** False while warming up: no client is compared with what is usual. */
  readonly ready: boolean;
  readonly site: Level;
  readonly client: Level;
  readonly error_ratio: number;
  /** What the logs show, not raised to any floor; null while nothing was learned. */
  readonly learned: { readonly site: Level | null; readonly client: Level | null; readonly error_ratio: number | null };
  /** Where the effective numbers come from. */
  readonly origin: 'rolling' | 'hour' | 'floor';
  /** Seconds and client-minutes behind them. */
  readonly site_samples: number;
  readonly client_samples: number;
}

/** The fuse tripped and spares clients with a history (`phase: tripped`), or no longer does (`phase: reset`). */
export interface FuseEvent {
  readonly event: 'fuse';
  readonly phase: 'tripped' | 'reset';
  readonly time: string;
  /** When banning resumes by itself, RFC 3339; only with `tripped`, and not in messages of older versions. */
  readonly until?: string;
  readonly reason: 'max_per_minute' | 'max_share';
  readonly detail: string;
}

export type EngineEvent =
  | BanEvent
  | UnbanEvent
  | RefusedEvent
  | GlobalAnomalyEvent
  | BaselineEvent
  | FuseEvent
  | LaneEvent;

/**
 * The event with its times on the clock that it is told by, which is `toldSeconds` ahead of the engine's, and those of its
 * requests on the log's, `logSeconds` ahead.
 */
export function inToldTime<Event extends EngineEvent>(event: Event, toldSeconds: number, logSeconds: number): Event {
  if (toldSeconds === 0 && logSeconds === 0) return event;
  const move = (time: string, seconds: number) => formatSecond(parseSecond(time) + seconds);
  const isBan = event.event === 'ban' && toldSeconds !== logSeconds;
  return {
    ...event,
    time: move(event.time, toldSeconds),
    ...('since' in event && { since: move(event.since, toldSeconds) }),
    ...('samples' in event && {
      samples: event.samples.map((sample) => ({ ...sample, time: move(sample.time, logSeconds) })),
    }),
    ...(isBan && { log_time: move(event.time, logSeconds) }),
  };
}

/**
 * The event with no time after `nowSecond`, by which zban knows it: a log whose clock was set back may have lines that seem to be
 * from the future, and a ban of then would last too long.
 */
export function noLaterThan<Event extends EngineEvent>(event: Event, nowSecond: number): Event {
  const beyond = parseSecond(event.time) - nowSecond;
  if (beyond <= 0) return event;
  const since = 'since' in event && { since: formatSecond(parseSecond(event.since) - beyond) };
  return { ...event, time: formatSecond(nowSecond), ...since };
}
