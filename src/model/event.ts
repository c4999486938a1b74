/**
 * What the engine finds and decides, in log time; live, by the wall clock. Facts alone: told-event.ts has what everybody else is told,
 * with names and words of `zban replay --json`.
 */

import type { RuleName } from '../detect/rules.ts';
import type { SurgeSigns } from '../site/site-verdict.ts';
import type { LaneEvent, NetworkProof } from './lane.ts';

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
  readonly userAgent: string;
}

/** More numbers of the rules that count points. */
export interface PointsEvidence {
  /** Where all hosts of a fleet counted them: by which rule. */
  readonly rule?: RuleName;
  /** What its requests added up to, what is tolerated, and what drains a minute. */
  readonly points: number;
  readonly pointsLimit: number;
  readonly pointsLeak: number;
}

/** What the logs show, not raised to any floor; requests a second, and the share of 4xx. Null while nothing was learned. */
export interface Learned {
  readonly mean: number | null;
  readonly stddev: number | null;
  readonly errorRatio: number | null;
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
  readonly errorRatio: number;
  readonly baselineErrorRatio: number;
  readonly windowSeconds: number;
  /** Seconds over which those requests came: the window, or less for a client first seen within it. */
  readonly spanSeconds: number;
  /** Whose rate the baseline is: that of other clients, or in the profile classic that of the whole site. */
  readonly baselineOf: 'client' | 'site';
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
  readonly visitSeconds: number;
}

/** A decision to ban. `time` is the log second of the request that crossed the limit, RFC 3339; live, as this host's clock has it. */
export interface BanEvent extends Evidence {
  readonly event: 'ban';
  readonly time: string;
  /** The same as the log has it, only where its clock differs. */
  readonly logTime?: string;
  readonly ip: string;
  /** 1 is the first offence. */
  readonly tier: number;
  /** null is permanent. */
  readonly durationSeconds: number | null;
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

/** What stands against a ban. */
export type Refusal =
  | {
      readonly reason: 'allowlist' | 'protected';
      /** As it was named by the operator or zban, or what the log shows of a proxy. */
      readonly because: string | ProxyTraits;
    }
  /** As many bans in force are all there may be. */
  | { readonly reason: 'limit'; readonly because: number }
  | { readonly reason: 'fuse' | 'alert'; readonly because?: undefined };

/** A client that makes this share of all requests, 0–1, with as many user agents or more. */
export interface ProxyTraits {
  readonly share: number;
  readonly agents: number;
}

/** A client that should have been banned and was not. */
export type RefusedEvent = Evidence &
  Refusal & {
    readonly event: 'refused';
    readonly time: string;
    readonly ip: string;
    /** Only of a network that would have been banned for a swarm. */
    readonly swarm?: NetworkProof;
  };

export interface TopEntry {
  readonly name: string;
  readonly requests: number;
  /** Share of the window's requests, 0–1. */
  readonly share: number;
}

/** What makes up more of a surge than of ordinary traffic. */
export interface ExcessEntry extends TopEntry {
  /** 0–1; null while too little ordinary traffic is known. */
  readonly usualShare: number | null;
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
  readonly peakRate: number;
  /** The most of what the condition measures so far. */
  readonly peakMeasured: number;
}

/** The site as a whole left its baseline. Never bans. */
export interface GlobalAnomalyStart extends GlobalAnomaly {
  readonly phase: 'start';
  /** Why it looks like that. */
  readonly detail: SurgeSigns;
  readonly topClients: readonly TopEntry[];
  /** What is over-represented in the newest lines, the largest growth first. Paths of one pattern are one. */
  readonly topPrefixes: readonly ExcessEntry[];
  readonly topPaths: readonly ExcessEntry[];
  readonly topUserAgents: readonly ExcessEntry[];
  /** Share of the requests by clients first seen within the last minute, 0–1; null while it isn't known who is new. */
  readonly newClientShare: number | null;
  readonly usualNewClientShare: number | null;
}

/** The site is back at its baseline, or what was an anomaly has become normal. */
export interface GlobalAnomalyEnd extends GlobalAnomaly {
  readonly phase: 'end';
  /** From the beginning of the surge to its last second above the limit. */
  readonly durationSeconds: number;
  /** Requests beyond the mean of the baseline. */
  readonly extraRequests: number;
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
  readonly errorRatio: number;
  /** What the logs show, not raised to any floor; null while nothing was learned. */
  readonly learned: { readonly site: Level | null; readonly client: Level | null; readonly errorRatio: number | null };
  /** Where the effective numbers come from. */
  readonly origin: 'rolling' | 'hour' | 'floor';
  /** Seconds and client-minutes behind them. */
  readonly siteSamples: number;
  readonly clientSamples: number;
}

/** The key of the configuration by which the fuse tripped. */
export type FuseReason = 'max_per_minute' | 'max_share';

/** The fuse tripped and spares clients with a history. */
export interface FuseTrip {
  readonly event: 'fuse';
  readonly phase: 'tripped';
  readonly time: string;
  /** When banning resumes by itself, RFC 3339. */
  readonly until: string;
  readonly reason: FuseReason;
  /** The key's value, and what went beyond it: bans within a minute, and the clients seen. */
  readonly limit: number;
  readonly bans: number;
  readonly clients: number;
}

/** It spares nobody any more. */
export interface FuseReset {
  readonly event: 'fuse';
  readonly phase: 'reset';
  readonly time: string;
  readonly reason: FuseReason;
}

export type EngineEvent =
  | BanEvent
  | UnbanEvent
  | RefusedEvent
  | GlobalAnomalyEvent
  | BaselineEvent
  | FuseTrip
  | FuseReset
  | LaneEvent;
