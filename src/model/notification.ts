/** What zban tells people. The notifier folds, queues, formats and delivers; see slack.ts. */
import type { BanEvent, FuseEvent, GlobalAnomalyEvent } from './event.ts';

export type Notification =
  | { readonly kind: 'ban'; readonly event: BanEvent; readonly enforced: boolean; readonly confirmed: boolean }
  /** A ban ended. Messages of older versions that wait on disk have the first five only. */
  | {
      readonly kind: 'unban';
      readonly time: string;
      readonly ip: string;
      readonly tier: number | null;
      readonly reason: string;
      /** Who lifted it; null is zban itself. */
      readonly operator?: string | null;
      /** False for a would-be ban of observe mode. */
      readonly enforced?: boolean;
      /** Why the firewall could not lift it. */
      readonly failure?: string;
      /** Bans that cover the client and stand. */
      readonly blockedBy?: readonly string[];
      /** Bans of parts of a network that stand. */
      readonly within?: number;
    }
  /** Many bans that a person ordered at once, or that ended at once. */
  | {
      readonly kind: 'many';
      readonly time: string;
      readonly action: 'ban' | 'unban';
      /** The person's name; null is zban itself. */
      readonly operator: string | null;
      readonly count: number;
      /** The first few. */
      readonly clients: readonly string[];
      readonly reason: string;
    }
  /** A person stopped all banning, or let it begin again. */
  | {
      readonly kind: 'panic';
      readonly time: string;
      readonly phase: 'start' | 'end';
      readonly operator: string;
      readonly reason: string;
      /** Bans lifted. */
      readonly lifted: number;
    }
  | { readonly kind: 'global_anomaly'; readonly event: GlobalAnomalyEvent }
  | { readonly kind: 'fuse'; readonly event: FuseEvent }
  | { readonly kind: 'trouble'; readonly time: string; readonly what: string; readonly mend: string }
  | { readonly kind: 'test'; readonly time: string };

/** A message waiting on disk. */
export interface OutboxItem {
  readonly id: number;
  readonly notification: Notification;
  readonly attempts: number;
  /** Epoch milliseconds before which it is not tried again. */
  readonly dueMs: number;
}

/** The queue on disk; record/outbox-store.ts keeps it in the database. */
export interface OutboxStore {
  /** Appends; drops the oldest over `max` and returns how many were dropped. */
  push(notifications: readonly Notification[], nowMs: number, max: number): number;
  /** Items due at `nowMs`, oldest first. */
  due(nowMs: number, limit: number): readonly OutboxItem[];
  /** Epoch milliseconds of the earliest item, undefined when empty. */
  findNextDueMs(): number | undefined;
  remove(ids: readonly number[]): void;
  /** Postpones after a failed attempt. */
  postpone(ids: readonly number[], dueMs: number): void;
  size(): number;
}
