/**
 * What the command line says to the running daemon: one JSON object a line over the unix socket, one answer each, and before that a
 * line with progress now and then: null is a sign of life.
 * Reading commands that work with the daemon stopped (list, audit, explain) use the database instead.
 */

import { LIMITS } from '../detect/reach.ts';
import { isFleetReport } from '../model/fleet.ts';
import { isLiveLane } from '../model/live-lane.ts';
import {
  each,
  isBoolean,
  isList,
  isNumber,
  isObject,
  isOneOf,
  isOptional,
  isText,
  orNull,
  type Shape,
  type Value,
} from '../model/shape.ts';
import { isStatus, type TopView, topEntry } from '../model/status.ts';
import type { ArgumentOf, ControlCommand } from './request.ts';

export type BanRequest = ArgumentOf<'ban'>;
export type BanOrder = BanRequest['bans'][number];
export type UnbanRequest = ArgumentOf<'unban'>;
export type AllowRequest = ArgumentOf<'allow'>;
export type PanicRequest = ArgumentOf<'panic'>;
export type FuseRequest = ArgumentOf<'resetFuse'>;
export type AnnotateRequest = ArgumentOf<'annotate'>;
export type AddLaneRequest = ArgumentOf<'addLane'>;
export type ChangeLaneRequest = ArgumentOf<'changeLane'>;

/** What became of an order, in words. */
const outcome = {
  ok: isBoolean,
  message: isText,
  /** False while only the daemon's memory has it: in force, and undone by a crash until a disk takes it. Absent otherwise. */
  durable: isOptional((value: unknown): value is false => value === false),
};
const isOutcome = isObject(outcome);
export type Outcome = Value<typeof isOutcome>;

/** `ok` is false when something is left to do by hand; `lifted` counts bans. */
const isPanicResult = isObject({ ...outcome, lifted: isNumber });
export type PanicResult = Value<typeof isPanicResult>;

/** `ok` is false where a channel did not take it. */
const isNotifyTestResult = isObject({
  ...outcome,
  channels: isList(isObject({ channel: isText, ok: isBoolean, message: isText })),
});

const isLaneResult = isObject({
  ...outcome,
  /** `full`: as many lanes as nginx takes; `failed`: nginx does not do it. */
  code: isOneOf('done', 'not_found', 'full', 'invalid', 'failed'),
  id: isText,
});
export type LaneResult = Value<typeof isLaneResult>;

/** What became of one target. */
const isTargetResult = isObject({
  ...outcome,
  target: isText,
  /** `not_found`: not banned; `protected`: never-ban rule; `failed`: the firewall refused; `invalid`: no address. */
  code: isOneOf('done', 'unchanged', 'not_found', 'protected', 'failed', 'invalid'),
  /** When the ban ends, RFC 3339, null for never; only in answers to `ban`. */
  until: isOptional(orNull(isText)),
  /** Of a ban: the client that it covers a part of, such as the /64 of an IPv6 address, and that is not banned as a whole. */
  part_of: isOptional(isText),
});
export type TargetResult = Value<typeof isTargetResult>;
const areTargets = isList(isTargetResult);

/** How far an order has come that has much to do: told between portions of it, before the answer. */
const isFar = isObject({
  /** Of so many bans. */
  ...each(isNumber, 'done', 'of'),
  /** What became of targets since it was last told; the answer does not say it again. */
  results: areTargets,
});
export type Progress = Value<typeof isFar>;
/** A line before the answer; null is a sign of life. */
export const isProgress = isObject({ progress: orNull(isFar) });

/** Resolves when who asked can take more. */
export type OnProgress = (progress: Progress) => Promise<void>;

const areStatuses = (value: unknown): value is readonly [number, number, number, number] =>
  isList(isNumber)(value) && value.length === 4;
const isTopClient = isObject({
  ...topEntry,
  nearest: orNull(isObject({ limit: isOneOf(...LIMITS), ...each(isNumber, 'share', 'tolerated') })),
  top_path: orNull(isText),
  statuses: areStatuses,
});
const isTopView: Shape<TopView> = isObject({
  ...{ status: isStatus, second: isNumber, site_rates: isList(isNumber), clients: isList(isTopClient) },
});

/** What each command is answered with, by its shape: the daemon may be of another version than the command line that asks. */
export const ANSWERS = {
  status: isStatus,
  /** The status with the clients nearest to a ban. */
  top: isTopView,
  ban: areTargets,
  unban: areTargets,
  allow: areTargets,
  /** Every ban is lifted, and observe mode in force until it is ended. The daemon starts anew right after the answer. */
  panic: isPanicResult,
  /** Banning resumes before the fuse's hold is over. */
  resetFuse: isOutcome,
  /** The lanes that have not ended, oldest first. */
  lanes: isList(isLiveLane),
  addLane: isLaneResult,
  changeLane: isLaneResult,
  /** The fleet as this host sees it; null where none is configured. */
  fleetStatus: orNull(isFleetReport),
  /** This host is out of its fleet until the next start. */
  fleetLeave: isOutcome,
  /** What happened, such as a deploy, is noted for the trail, charts and messages. */
  annotate: isOutcome,
  /** What became of a test message to one channel or to all. */
  notifyTest: isNotifyTestResult,
  reload: isOutcome,
} as const satisfies { readonly [C in ControlCommand]: Shape<unknown> };
export type AnswerTo<C extends ControlCommand> = Value<(typeof ANSWERS)[C]>;

/** The daemon's side: resolves once the kernel has it, or says why not. What is quick tells no progress. */
export type ControlHandlers = {
  readonly [C in ControlCommand]: (request: ArgumentOf<C>, onProgress?: OnProgress) => Promise<AnswerTo<C>>;
};

export type ControlProgress = Value<typeof isProgress>;
export type ControlAnswer =
  | { readonly ok: true; readonly value?: unknown }
  | { readonly ok: false; readonly message: string };
