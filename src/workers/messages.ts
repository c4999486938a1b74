/** What main thread, parse threads and traffic thread say to each other. Buffers are transferred, never copied. */

import type { FuseHold } from '../decide/fuse.ts';
import type { NeverBanned } from '../decide/never-banned.ts';
import type { OffenderColumns } from '../decide/offender-table.ts';
import type { RobotClaim, RobotNetwork, RobotVerdict } from '../detect/robot-verdicts.ts';
import type { EngineState } from '../engine/engine-state.ts';
import type { HistorySummary } from '../engine/history-summary.ts';
import type { SharedCountsResult, SharedNews } from '../engine/shared-counts.ts';
import type { Busiest } from '../model/status.ts';
import type { EngineEvent, FuseEvent } from '../model/told-event.ts';
import type { ClientKey } from '../net/client-key.ts';
import type { BanKey } from '../net/client-network.ts';
import type { ParserOptions } from '../parse/parser.ts';
import type { Tally } from '../parse/tally.ts';
import type { EngineOptions } from '../settings/engine-settings.ts';
import type { Surge } from '../site/surge.ts';
import type { EngineStatus } from './traffic-worker.ts';

/** workerData of both kinds of thread. */
export interface WorkerSetup {
  /** How to parse each log of the configuration. */
  readonly parsers: readonly ParserOptions[];
  readonly engine: EngineOptions;
}

export interface ParseTask {
  /** Index into WorkerSetup.parsers. */
  readonly log: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lines after this epoch second are refused. */
  readonly secondMax: number;
}

export interface Parsed extends Tally {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type TrafficTask =
  | {
      readonly kind: 'ingest';
      readonly source: number;
      readonly log: number;
      readonly id: number;
      readonly parsed: Parsed;
      readonly more: boolean;
      /** When the file of the lines was last written, epoch milliseconds of the wall clock; undefined where that is not known. */
      readonly writtenMs: number | undefined;
    }
  | { readonly kind: 'expect' | 'finish'; readonly source: number }
  | { readonly kind: 'flush' }
  /** Ends of bans, here and below, by the wall clock. */
  | {
      readonly kind: 'set_bans';
      readonly offenders: OffenderColumns;
      /** The wall clock was set forward by so many seconds, and these ends moved with it. */
      readonly steppedSeconds?: number;
    }
  /** What was ingested so far was a rehearsal; these are the bans, the past offences, the open anomaly and the tripped fuse there really are. */
  | {
      readonly kind: 'go_live';
      readonly offenders: OffenderColumns;
      readonly anomaly: Surge | undefined;
      readonly fuse: FuseHold | undefined;
    }
  /** The log has been silent for so long that an anomaly of the site is over. */
  | { readonly kind: 'fall_silent' }
  /** Little is read: nobody waits while the thread tidies up. */
  | { readonly kind: 'free_memory' }
  /** People lifted bans at this epoch second of the wall clock. */
  | { readonly kind: 'release'; readonly clients: readonly BanKey[]; readonly second: number }
  /** A person ended a lane. */
  | { readonly kind: 'drop_lane'; readonly id: string }
  | { readonly kind: 'never_banned'; readonly networks: readonly NeverBanned[] }
  /** Networks of robots as their operators publish them; `ask`: whether claims are wanted. */
  | { readonly kind: 'robot_networks'; readonly networks: readonly RobotNetwork[]; readonly ask: boolean }
  /** What DNS says of clients that claim to be robots. */
  | { readonly kind: 'robots'; readonly verdicts: readonly RobotVerdict[] }
  /** Counts shared with other hosts: what they said, for what this one has to say. */
  | { readonly kind: 'share_counts'; readonly news: SharedNews }
  /** Bans of other hosts, about which the fuse is asked. */
  | { readonly kind: 'admit'; readonly clients: readonly ClientKey[] }
  /** Lets banning resume. */
  | { readonly kind: 'reset_fuse' }
  | { readonly kind: 'restore'; readonly state: EngineState }
  | { readonly kind: 'snapshot' }
  /** Advances the log clock to `second` first where the log is silent. */
  | { readonly kind: 'status'; readonly second?: number | undefined }
  /** The clients that `zban top` shows, `most` in each of its orders. */
  | { readonly kind: 'busiest'; readonly most: number }
  /** Only where the engine keeps a history; `most` clients in each list. */
  | { readonly kind: 'history'; readonly most: number };

export interface TrafficResult {
  /** The log clock: newest second of the log, 0 before the first line. */
  readonly second: number;
  readonly events: readonly EngineEvent[];
  /** Ids of ingested chunks whose every line has been judged. */
  readonly consumed: readonly number[];
  /** Clients that claim to be robots, to be asked about; absent without any. */
  readonly robotClaims?: readonly RobotClaim[];
  /** What was learned, packed. */
  readonly snapshot?: Uint8Array<ArrayBuffer>;
  readonly status?: EngineStatus;
  readonly history?: HistorySummary;
  readonly shared?: SharedCountsResult;
  /** Whether the fuse admits each ban that was asked about. */
  readonly admitted?: readonly boolean[];
  readonly busiest?: Busiest;
  /** Of a fuse that was reset. */
  readonly fuse?: FuseEvent;
}
