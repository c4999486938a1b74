/** The interface of a channel. docs/extending.md shows how to add one. */
import type { Severity } from '../model/notification.ts';
import type { DeliverySettings } from '../settings/notify-settings.ts';
import type { Message } from './message.ts';

/**
 * What became of a message. Causes come from closed sets (statuses, exit codes, system error codes) and never from free
 * text, so that no secret leaks through them.
 */
export type Delivery =
  | { readonly outcome: 'ok' }
  /** Worth another try; `afterMs` where the service named a time. */
  | { readonly outcome: 'retry'; readonly cause: string; readonly afterMs?: number }
  /** The same message would fail again. */
  | { readonly outcome: 'final'; readonly cause: string; readonly fix: string };

/** Never rejects; `signal` gives up the attempt, which then counts as worth another try. */
export type Deliver = (message: Message, signal?: AbortSignal) => Promise<Delivery>;

export interface Channel {
  /** Unique: its place in the outbox, and what `zban notify test` takes. */
  readonly name: string;
  /** As people call it: `Slack`. */
  readonly service: string;
  readonly deliver: Deliver;
  readonly settings: DeliverySettings;
  /** Less urgent messages are not sent where the configuration does not say otherwise; all are without it. */
  readonly defaultSeverity?: Severity;
  /** Never folds several messages into a digest: each opens or closes an incident of its own. */
  readonly isEachSent?: boolean;
  /** What an operator should fix although it works. */
  readonly warnings: readonly string[];
}

/** A channel that is configured and cannot be used, with what is wrong and how to fix it; without any secret. */
export interface BrokenChannel {
  readonly name: string;
  readonly service: string;
  readonly problem: string;
}

/** Opens the channels of one kind from their part of the configuration; none where it is not configured. */
export type OpenChannels<Settings> = (
  settings: Settings,
  environment: Readonly<NodeJS.ProcessEnv>,
  /** For one delivery. */
  timeoutMs: number,
) => readonly (Channel | BrokenChannel)[];
