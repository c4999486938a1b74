/** What zban reports to people. src/notify words it, folds bursts, queues and delivers to every channel. */
import type { LaneAction, LaneMatch } from './lane.ts';
import type { BanEvent, FuseEvent, GlobalAnomalyEvent, LaneEvent } from './told-event.ts';

/** How urgent a message is, the most urgent first; docs/notifications.md has the rule. */
export const SEVERITIES = ['SEV-1', 'SEV-2', 'SEV-3', 'SEV-4', 'SEV-5'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Forms that a webhook's messages can have; src/notify/templates.ts has a module for each. */
export const WEBHOOK_TEMPLATES = [
  'json',
  'mattermost',
  'discord',
  'telegram',
  'ntfy',
  'pagerduty',
  'alertmanager',
] as const;
export type WebhookTemplate = (typeof WEBHOOK_TEMPLATES)[number];

/** What is known beside the event itself; any kind may have it. */
interface Context {
  /** What an operator noted shortly before, as text to follow a comma: `9 min after deploy 1.4.2`. */
  readonly after?: string;
}

export type Notification = Context & Report;

/** The notifications of one kind. */
export type NotificationOf<Kind extends Report['kind']> = Extract<Notification, { readonly kind: Kind }>;

type Report =
  | {
      readonly kind: 'ban';
      readonly event: BanEvent;
      readonly enforced: boolean;
      readonly confirmed: boolean;
      /** The client's part of the site's requests when it was banned, 0 to 1. */
      readonly share?: number;
      /** Who the client is, such as `AS16276 OVH, FR · rDNS host.example.net`. */
      readonly who?: string;
    }
  /** An operator banned a client, or changed the allowlist. */
  | {
      readonly kind: 'order';
      readonly time: string;
      readonly action: 'ban' | 'allow' | 'disallow';
      /** Address, network or host name. */
      readonly target: string;
      readonly operator: string;
      readonly reason: string;
      /** Of a ban; null is permanent. */
      readonly durationSeconds?: number | null;
      /** False in observe mode. */
      readonly enforced: boolean;
      /** False where the firewall does not hold the ban. */
      readonly confirmed: boolean;
    }
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
      /** How many of these are would-be bans. */
      readonly wouldBe?: number;
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
      /** Bans lifted on this host. */
      readonly lifted: number;
      /** Would-be bans that ended beside them. */
      readonly wouldBe?: number;
      /** The fleet that hears of it; absent where it holds on this host alone. */
      readonly fleet?: string;
    }
  | { readonly kind: 'global_anomaly'; readonly event: GlobalAnomalyEvent }
  /** A lane opened, once nginx was asked, or ended. */
  | {
      readonly kind: 'lane';
      readonly event: LaneEvent;
      /** False where nobody is stopped: `swarm.action: alert`, or observe mode. */
      readonly enforced: boolean;
      /** Why nginx does not have it. */
      readonly failure?: string;
    }
  /** A person opened or kept a lane, once nginx was asked; or it ended by a person, or by its time. */
  | {
      readonly kind: 'lane_order';
      readonly time: string;
      readonly phase: 'open' | 'keep' | 'end';
      readonly id: string;
      readonly action: LaneAction;
      readonly match: LaneMatch;
      /** Null for an end by its time. */
      readonly operator: string | null;
      /** Of an open or kept lane: what the person said, and what it would have touched. */
      readonly detail: string;
      /** False where nobody is stopped: observe mode. */
      readonly enforced: boolean;
      /** Why nginx does not have it. */
      readonly failure?: string;
    }
  | { readonly kind: 'fuse'; readonly event: FuseEvent }
  | {
      readonly kind: 'trouble';
      readonly time: string;
      readonly what: string;
      readonly fix: string;
      /** Absent in messages of older versions: it begins. */
      readonly phase?: 'begin' | 'end';
      /** Names it at both ends. */
      readonly key?: string;
    }
  | { readonly kind: 'test'; readonly time: string };

/** A message waiting on disk. */
export interface OutboxItem {
  readonly id: number;
  readonly notification: Notification;
  readonly attempts: number;
  /** Epoch milliseconds before which it is not tried again. */
  readonly dueMs: number;
}

/** Every channel's queue on disk; record/outbox/outbox-store.ts keeps them in the database. */
export interface Outbox {
  queue(channel: string): OutboxStore;
  /** Drops the queues of all other channels and returns how many messages they held. */
  keepOnly(channels: readonly string[]): number;
}

/** One channel's queue: what becomes of a message there has no effect on the others. */
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
