/**
 * What the command line says to the running daemon: one JSON object a line over the unix socket, one answer each, and before that a
 * line with progress now and then: null is a sign of life.
 * Reading commands that work with the daemon stopped (list, audit, explain) use the database instead.
 */

import type { FleetReport } from '../model/fleet.ts';
import type { LiveLane } from '../model/live-lane.ts';
import type { Status, TopView } from '../model/status.ts';
import type { ArgumentOf } from './request.ts';

export type BanRequest = ArgumentOf<'ban'>;
export type BanOrder = BanRequest['bans'][number];
export type UnbanRequest = ArgumentOf<'unban'>;
export type AllowRequest = ArgumentOf<'allow'>;
export type PanicRequest = ArgumentOf<'panic'>;
export type FuseRequest = ArgumentOf<'resetFuse'>;
export type AnnotateRequest = ArgumentOf<'annotate'>;
export type NotifyTestRequest = ArgumentOf<'notifyTest'>;
export type AddLaneRequest = ArgumentOf<'addLane'>;
export type ChangeLaneRequest = ArgumentOf<'changeLane'>;

/** What became of an order, in words. */
export interface Outcome {
  readonly ok: boolean;
  readonly message: string;
  /** False while only the daemon's memory has it: in force, and undone by a crash until a disk takes it. Absent otherwise. */
  readonly durable?: false;
}

/** `ok` is false when something is left to do by hand. */
export interface PanicResult extends Outcome {
  /** Bans lifted. */
  readonly lifted: number;
}

/** `ok` is false where a channel did not take it. */
export interface NotifyTestResult extends Outcome {
  readonly channels: readonly { readonly channel: string; readonly ok: boolean; readonly message: string }[];
}

export interface LaneResult extends Outcome {
  /** `full`: as many lanes as nginx takes; `failed`: nginx does not do it. */
  readonly code: 'done' | 'not_found' | 'full' | 'invalid' | 'failed';
  readonly id: string;
}

/** What became of one target. */
export interface TargetResult extends Outcome {
  readonly target: string;
  /** `not_found`: not banned; `protected`: never-ban rule; `failed`: the firewall refused; `invalid`: no address. */
  readonly code: 'done' | 'unchanged' | 'not_found' | 'protected' | 'failed' | 'invalid';
  /** When the ban ends, RFC 3339, null for never; only in answers to `ban`. */
  readonly until?: string | null;
}

/** How far an order has come that has much to do: told between portions of it, before the answer. */
export interface Progress {
  /** Of so many bans. */
  readonly done: number;
  readonly of: number;
  /** What became of targets since it was last told; the answer does not say it again. */
  readonly results: readonly TargetResult[];
}

/** Resolves when who asked can take more. */
export type OnProgress = (progress: Progress) => Promise<void>;

/** The daemon's side: resolves once the kernel has it, or says why not. */
export interface ControlHandlers {
  status(): Promise<Status>;
  /** The status with the clients nearest to a ban. */
  top(): Promise<TopView>;
  ban(request: BanRequest): Promise<readonly TargetResult[]>;
  unban(request: UnbanRequest, onProgress?: OnProgress): Promise<readonly TargetResult[]>;
  allow(request: AllowRequest): Promise<readonly TargetResult[]>;
  /** Lifts every ban and goes to observe mode until it is ended. The daemon starts anew right after the answer. */
  panic(request: PanicRequest, onProgress?: OnProgress): Promise<PanicResult>;
  /** Lets banning resume before the fuse's hold is over. */
  resetFuse(request: FuseRequest): Promise<Outcome>;
  /** The lanes that have not ended, oldest first. */
  lanes(): Promise<readonly LiveLane[]>;
  addLane(request: AddLaneRequest): Promise<LaneResult>;
  changeLane(request: ChangeLaneRequest): Promise<LaneResult>;
  /** The fleet as this host sees it; null where none is configured. */
  fleetStatus(): Promise<FleetReport | null>;
  /** Takes this host out of its fleet until the next start. */
  fleetLeave(): Promise<Outcome>;
  /** Notes what happened, such as a deploy, for the trail, charts and messages. */
  annotate(request: AnnotateRequest): Promise<Outcome>;
  /** Sends a test message to one channel or to all, and resolves with what became of it. */
  notifyTest(request: NotifyTestRequest): Promise<NotifyTestResult>;
  reload(): Promise<Outcome>;
}

export type ControlProgress = { readonly progress: Progress | null };
export type ControlAnswer =
  | { readonly ok: true; readonly value?: unknown }
  | { readonly ok: false; readonly message: string };
