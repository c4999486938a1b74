/**
 * What the command line says to the running daemon: one JSON object a line over the unix socket, one answer each, and before that a
 * line with progress now and then: null is a sign of life.
 * Reading commands that work with the daemon stopped (list, audit, explain) use the database instead.
 */

import type { FleetReport } from '../model/fleet.ts';
import type { Backtest, LaneAction, LaneMatch, LiveLane } from '../model/lane.ts';
import type { Status, TopView } from '../model/status.ts';

/** One ban that is asked for. What it leaves out is as the request says for all of them. */
export interface BanOrder {
  readonly target: string;
  /** Milliseconds; null is permanent. */
  readonly forMs?: number | null | undefined;
  /** Its end in place of how long it lasts, epoch milliseconds. */
  readonly untilMs?: number | undefined;
  readonly reason?: string | undefined;
  /** Of a ban that comes from elsewhere: 0 and `manual` where it has none of its own. */
  readonly tier?: number | undefined;
  readonly condition?: string | undefined;
}

export interface BanRequest {
  readonly bans: readonly BanOrder[];
  /** Milliseconds; null is permanent; undefined takes the schedule's first tier. */
  readonly forMs?: number | null;
  /** Bans that end later than they would now stay as they are. */
  readonly keepLonger: boolean;
  readonly reason: string;
  readonly operator: string;
}

export interface UnbanRequest {
  /** Empty with `all` true. */
  readonly targets: readonly string[];
  readonly all: boolean;
  readonly reason: string;
  readonly operator: string;
}

export interface AllowRequest {
  readonly targets: readonly string[];
  /** Takes the entries out again. */
  readonly remove: boolean;
  readonly reason: string;
  readonly operator: string;
}

export interface PanicRequest {
  /** Takes it back. */
  readonly end: boolean;
  readonly reason: string;
  readonly operator: string;
}

export interface PanicResult {
  /** False when something is left to do by hand; `message` says what. */
  readonly ok: boolean;
  readonly message: string;
  /** Bans lifted. */
  readonly lifted: number;
  /** False while no disk took it: it ends with the daemon. Absent otherwise. */
  readonly durable?: false;
}

export interface FuseRequest {
  readonly reason: string;
  readonly operator: string;
}

export interface FuseResult {
  readonly ok: boolean;
  readonly message: string;
  /** False while only the daemon's memory has the row of it. Absent otherwise. */
  readonly durable?: false;
}

export interface AnnotateRequest {
  readonly text: string;
  readonly operator: string;
}

export interface AnnotateResult {
  readonly ok: boolean;
  readonly message: string;
  /** False while only the daemon's memory has the row of it. Absent otherwise. */
  readonly durable?: false;
}

export interface NotifyTestRequest {
  /** Name of a channel; all without it. */
  readonly channel?: string | undefined;
}

export interface NotifyTestResult {
  /** False where a channel did not take it. */
  readonly ok: boolean;
  readonly message: string;
  readonly channels: readonly { readonly channel: string; readonly ok: boolean; readonly message: string }[];
}

/** A lane that a person opens. */
export interface AddLaneRequest {
  readonly action: LaneAction;
  readonly match: LaneMatch;
  /** Matching requests a second that a hold lets pass. */
  readonly usualRate: number;
  /** Milliseconds. */
  readonly forMs: number;
  /** What the command line found in the logs. */
  readonly backtest: Backtest;
  readonly reason: string;
  readonly operator: string;
}

/** Ends a lane, or keeps it for so many milliseconds whatever becomes of the swarm. */
export interface ChangeLaneRequest {
  readonly id: string;
  /** Absent: it ends. */
  readonly keepMs?: number | undefined;
  readonly reason: string;
  readonly operator: string;
}

export interface LaneResult {
  readonly ok: boolean;
  /** `full`: as many lanes as nginx takes; `failed`: nginx does not do it. */
  readonly code: 'done' | 'not_found' | 'full' | 'invalid' | 'failed';
  readonly message: string;
  readonly id: string;
}

/** What became of one target. */
export interface TargetResult {
  readonly target: string;
  readonly ok: boolean;
  /** `not_found`: not banned; `protected`: never-ban rule; `failed`: the firewall refused; `invalid`: no address. */
  readonly code: 'done' | 'unchanged' | 'not_found' | 'protected' | 'failed' | 'invalid';
  readonly message: string;
  /** When the ban ends, RFC 3339, null for never; only in answers to `ban`. */
  readonly until?: string | null;
  /** False while the database cannot be written: in force, and undone by a crash until it is. Absent otherwise. */
  readonly durable?: false;
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
  resetFuse(request: FuseRequest): Promise<FuseResult>;
  /** The lanes that have not ended, oldest first. */
  lanes(): Promise<readonly LiveLane[]>;
  addLane(request: AddLaneRequest): Promise<LaneResult>;
  changeLane(request: ChangeLaneRequest): Promise<LaneResult>;
  /** The fleet as this host sees it; null where none is configured. */
  fleetStatus(): Promise<FleetReport | null>;
  /** Takes this host out of its fleet until the next start. */
  fleetLeave(): Promise<{ readonly ok: boolean; readonly message: string }>;
  /** Notes what happened, such as a deploy, for the trail, charts and messages. */
  annotate(request: AnnotateRequest): Promise<AnnotateResult>;
  /** Sends a test message to one channel or to all, and resolves with what became of it. */
  notifyTest(request: NotifyTestRequest): Promise<NotifyTestResult>;
  reload(): Promise<{ readonly ok: boolean; readonly message: string }>;
}

export type ControlCommand = keyof ControlHandlers;
export type ControlRequest = { readonly command: ControlCommand; readonly argument?: unknown };
export type ControlProgress = { readonly progress: Progress | null };
export type ControlAnswer =
  | { readonly ok: true; readonly value?: unknown }
  | { readonly ok: false; readonly message: string };
