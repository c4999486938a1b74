/** What each command is answered with, by its shape: the daemon may be of another version than the command line that asks. */
import { LIMITS } from '../detect/reach.ts';
import {
  each,
  isBoolean,
  isEither,
  isList,
  isNull,
  isNumber,
  isObject,
  isOneOf,
  isOptional,
  isRecord,
  isText,
  type Shape,
} from '../model/shape.ts';
import type { ControlHandlers } from './protocol.ts';
import type { ControlCommand } from './request.ts';

export type AnswerTo<C extends ControlCommand> = Awaited<ReturnType<ControlHandlers[C]>>;

const orNull = <T>(shape: Shape<T>) => isEither(shape, isNull);
const isFalse = (value: unknown): value is false => value === false;
/** Counts by name. */
const areCounts = (value: unknown): value is Readonly<Record<string, number>> =>
  isRecord(value) && Object.values(value).every(isNumber);

const outcome = { ok: isBoolean, message: isText, durable: isOptional(isFalse) };
const isOutcome = isObject(outcome);
const areTargets = isList(
  isObject({
    ...outcome,
    target: isText,
    code: isOneOf('done', 'unchanged', 'not_found', 'protected', 'failed', 'invalid'),
    until: isOptional(orNull(isText)),
  }),
);

export const isProgress = isObject({
  progress: orNull(isObject({ ...each(isNumber, 'done', 'of'), results: areTargets })),
});

const isLaneResult = isObject({
  ...outcome,
  code: isOneOf('done', 'not_found', 'full', 'invalid', 'failed'),
  id: isText,
});
const isMatch = isObject({
  ...each(isOptional(isText), 'user_agent', 'path', 'network', 'method'),
  query_keys: isOptional(isList(isText)),
  referer: isOptional(isOneOf('absent', 'present')),
});
const isProof = isObject({
  ...each(isNumber, 'surplus', 'clients', 'seconds', 'coverage', 'rate'),
  backtest: isObject(each(isNumber, 'hours', 'clients', 'clients_matched', 'requests', 'requests_matched')),
});
const isLane = isObject({
  ...each(isText, 'id', 'actor', 'since', 'until', 'message'),
  ...each(isBoolean, 'enforced', 'kept'),
  action: isOneOf('hold', 'deny'),
  match: isMatch,
  usual_rate: isNumber,
  state: isOneOf('open', 'pending', 'failed', 'observed'),
  proof: isOptional(isProof),
});

const isFleet = isObject({
  ...each(isText, 'name', 'host', 'since'),
  share: isList(isOneOf('bans', 'counts')),
  state: isOneOf('connecting', 'connected', 'away', 'left'),
  ...each(isNumber, 'hosts', 'clock_ahead_seconds', 'waiting', 'watched', 'bytes_total', 'bytes_per_second'),
  ...each(isNumber, 'counts_sent', 'counts_left_out', 'counts_dropped', 'unknown_entries', 'unheard_entries'),
});
const isFleetHost = isObject({
  ...each(isText, 'host', 'version', 'mode'),
  ...each(isNumber, 'silent_seconds', 'lag_seconds', 'bans', 'watched', 'bytes_per_second', 'clock_ahead_seconds'),
  live: isBoolean,
});

const isLevel = isObject(each(isNumber, 'mean', 'stddev'));
const isBaseline = isObject({
  event: isOneOf('baseline'),
  time: isText,
  ready: isBoolean,
  ...each(isLevel, 'site', 'client'),
  learned: isObject({ ...each(orNull(isLevel), 'site', 'client'), error_ratio: orNull(isNumber) }),
  origin: isOneOf('rolling', 'hour', 'floor'),
  ...each(isNumber, 'error_ratio', 'site_samples', 'client_samples'),
});
const isIncident = isObject({
  condition: isOneOf('site_requests', 'site_newcomers', 'site_clients', 'site_z_score', 'site_multiplier'),
  verdict: isOneOf('attack', 'visitors', 'unclear'),
  since: isText,
  ...each(isNumber, 'peak_rate', 'peak_measured'),
  ongoing: isBoolean,
});
const topEntry = { name: isText, ...each(isNumber, 'requests', 'share') };
const isStatus = isObject({
  state: isOneOf('starting', 'warming_up', 'running', 'trouble', 'stopping'),
  warm_start: orNull(
    isObject({ ...each(isNumber, 'share', 'lines', 'lines_per_second'), seconds_left: orNull(isNumber) }),
  ),
  mode: isOneOf('observe', 'enforce'),
  panic: orNull(isObject(each(isText, 'since', 'by', 'reason'))),
  sensitivity: isEither(isOneOf('low', 'normal', 'high'), isNumber),
  ...each(isText, 'profile', 'backend', 'version', 'config_version', 'name'),
  ...each(isNumber, 'uptime_seconds', 'lines_total', 'active_bans', 'observed_bans'),
  ...each(isNumber, 'bans_total', 'unbans_total', 'refused_total'),
  ...each(areCounts, 'skipped', 'discarded'),
  log_lag_seconds: orNull(isNumber),
  ...each(isBoolean, 'global_anomaly', 'fuse_tripped'),
  incident: orNull(isIncident),
  fuse_until: orNull(isText),
  ...each(isNumber, 'site_rate', 'site_rate_last', 'counted_rate', 'counted_rate_last', 'clients'),
  baseline: orNull(isBaseline),
  top_clients: isList(isObject(topEntry)),
  logs: isList(isObject({ path: isText, state: isText, behind_bytes: isNumber })),
  ...each(isNumber, 'outbox', 'cpu_percent', 'memory_bytes', 'host_cpu_percent', 'host_memory_percent'),
  fleet: isOptional(isFleet),
  troubles: isList(isText),
});

const areStatuses = (value: unknown): value is readonly [number, number, number, number] =>
  isList(isNumber)(value) && value.length === 4;
const isTopClient = isObject({
  ...topEntry,
  nearest: orNull(isObject({ limit: isOneOf(...LIMITS), ...each(isNumber, 'share', 'tolerated') })),
  top_path: orNull(isText),
  statuses: areStatuses,
});

export const ANSWERS: { readonly [C in ControlCommand]: Shape<AnswerTo<C>> } = {
  status: isStatus,
  top: isObject({ status: isStatus, second: isNumber, site_rates: isList(isNumber), clients: isList(isTopClient) }),
  ban: areTargets,
  unban: areTargets,
  allow: areTargets,
  panic: isObject({ ...outcome, lifted: isNumber }),
  resetFuse: isOutcome,
  lanes: isList(isLane),
  addLane: isLaneResult,
  changeLane: isLaneResult,
  fleetStatus: orNull(isObject({ status: isFleet, hosts: isList(isFleetHost) })),
  fleetLeave: isOutcome,
  annotate: isOutcome,
  notifyTest: isObject({ ...outcome, channels: isList(isObject({ ...outcome, channel: isText })) }),
  reload: isOutcome,
};
