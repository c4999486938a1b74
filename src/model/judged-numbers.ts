/**
 * The numbers of a judgement as the trail has them: the evidence of its event. Rows of older versions lack some; what is there has the
 * shape that is declared here.
 */
import { isLaneMatch } from './lane.ts';
import { each, isList, isNumber, isObject, isOneOf, isOptional, isText, keepFitting, type Value } from './shape.ts';
import type { Evidence, GlobalAnomalyEnd, GlobalAnomalyStart } from './told-event.ts';

type Members = Readonly<Record<string, (value: unknown) => boolean>>;
type Numbers<M extends Members> = { readonly [Name in keyof M]?: Value<M[Name]> };

const isTrue = isOneOf(true);
/** One that is infinite is null in JSON. */
const isFigure = (value: unknown): value is number | null => typeof value === 'number' || value === null;

const isSample = isObject({
  ...each(isOptional(isText), 'time', 'method', 'path', 'user_agent'),
  status: isOptional(isNumber),
});

const isEntry = isObject({ name: isText, share: isFigure, usual_share: isOptional(isFigure) });

/** Why a network was banned for a swarm. */
const isNetworkProof = isObject({
  ...each(isNumber, 'requests', 'clients', 'seconds', 'coverage', 'networks'),
  backtest: isObject(each(isNumber, 'hours', 'clients')),
});

const JUDGED = {
  ...each(isText, 'condition', 'rule', 'ipv4', 'baseline_of', 'log_time'),
  ...each(isFigure, 'rate', 'mean', 'stddev', 'z', 'multiple', 'limit', 'requests', 'errors', 'clients'),
  ...each(isFigure, 'points', 'points_limit', 'points_leak', 'error_ratio', 'baseline_error_ratio'),
  ...each(isFigure, 'window_seconds', 'span_seconds'),
  /** What the logs show; null while nothing was learned. */
  learned: isObject(each(isOptional(isFigure), 'mean', 'stddev', 'error_ratio')),
  samples: isList(isSample),
  lenient: isTrue,
  swarm: isNetworkProof,
  /** Of a ban that another host of the fleet decided: that host, and the first 16 hex digits of the SHA-256 of the evidence. */
  ...each(isText, 'origin', 'digest'),
} satisfies Members & Readonly<Record<keyof Evidence, unknown>>;

/** Of a client or a network. */
export type JudgedNumbers = Numbers<typeof JUDGED>;
export type NetworkProof = Value<typeof isNetworkProof>;

const SITE = {
  ...each(isText, 'event', 'time', 'condition', 'verdict', 'since', 'detail'),
  ...each(
    isFigure,
    'rate',
    'mean',
    'stddev',
    'z',
    'multiple',
    'measured',
    'usual',
    'limit',
    'peak_rate',
    'peak_measured',
  ),
  ...each(isFigure, 'duration_seconds', 'extra_requests', 'bans', 'new_client_share', 'usual_new_client_share'),
  ...each(isList(isEntry), 'top_clients', 'top_prefixes', 'top_paths', 'top_user_agents'),
  silent: isTrue,
} satisfies Members & Readonly<Record<Exclude<keyof GlobalAnomalyStart | keyof GlobalAnomalyEnd, 'phase'>, unknown>>;

/** Of the site. */
export type SiteNumbers = Numbers<typeof SITE>;

const LANE = { action: isOneOf('hold', 'deny'), match: isLaneMatch } satisfies Members;

/** Of a lane: absent in rows of what came of it. */
export type LaneFacts = Numbers<typeof LANE>;

/** Stored numbers without those that have another shape. */
export const readJudged = keepFitting(JUDGED);
export const readSite = keepFitting(SITE);
export const readLane = keepFitting(LANE);
