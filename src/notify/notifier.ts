/** One channel's end of the outbox: notifications wait on disk and are delivered one at a time, in order, at least once. */

import type { Notification, OutboxItem, OutboxStore, Severity } from '../model/notification.ts';
import { BurstGate } from './burst.ts';
import type { Channel, Delivery } from './channel.ts';
import { DeliveryHealth, type DeliveryHealthOptions } from './delivery-health.ts';
import { formatDigest } from './digest.ts';
import { formatMessage } from './format.ts';
import { complete, type Message, type Sender } from './message.ts';
import { findQuietEnd } from './quiet-hours.ts';
import { severityOf } from './severity.ts';

export interface NotifierOptions extends Omit<DeliveryHealthOptions, 'name' | 'service'> {
  readonly channel: Channel;
  readonly store: OutboxStore;
  readonly sender: Sender;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds between two deliveries; Slack allows about one a second for each webhook. Default 1000. */
  readonly gapMs?: number;
  /** Messages kept while the service is away; beyond it the oldest is dropped and counted. Default `QUEUE_MAX`. */
  readonly queueMax?: number;
}

/** More messages of one kind than this within this long become one: a handful is read, and people act on one within half a minute at best. */
const [DIGEST_OVER, DIGEST_WINDOW_MS] = [5, 30_000];
/** Digests fold what waits, so that this is days of trouble rather than a thousand bans. */
const QUEUE_MAX = 1000;
/** The longest sleep: whatever became of a timer or the clock, the queue is looked at again by then. */
const SLEEP_MS_MAX = 60_000;
/** No wait is set further ahead (Retry-After is cut to it): a due time beyond it means that the clock was set back. */
const AHEAD_MS_MAX = 3_600_000;
/** What is at least as urgent as this does not wait for the end of quiet hours. */
const URGENT = 'SEV-2';

/** Rows of another version's shape are the least urgent: they hold up nothing. */
function findSeverity(notification: Notification): Severity {
  try {
    return severityOf(notification);
  } catch {
    return 'SEV-5';
  }
}

/** What one look at the queue came to. */
type Step = { readonly progressed: boolean; readonly waitMs: number };

/** Delivers from its start what is already on disk and everything notified from then on. Its timers are unref'd. */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #gapMs: number;
  readonly #queueMax: number;
  readonly #gate: BurstGate;
  readonly #health: DeliveryHealth;
  readonly #giveUp = new AbortController();
  /** Delivered or refused, but the store failed to remove them: never to be sent again. */
  readonly #settled = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #retryAtMs = 0;
  #gapEndsMs = 0;
  #stage: 'open' | 'draining' | 'stopped' = 'open';

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#gapMs = options.gapMs ?? 1000;
    this.#queueMax = options.queueMax ?? QUEUE_MAX;
    const { name, service, isEachSent } = options.channel;
    this.#gate = new BurstGate(isEachSent ? Number.POSITIVE_INFINITY : DIGEST_OVER, DIGEST_WINDOW_MS);
    this.#health = new DeliveryHealth({ ...options, name, service });
    this.#wake(0);
  }

  /** Puts those that are urgent enough on disk and returns; never throws and never waits for the network. */
  notify(all: readonly Notification[]): void {
    const { store, now, log, channel } = this.#options;
    const { name, settings, defaultSeverity } = channel;
    const least = settings.min_severity ?? defaultSeverity ?? 'SEV-5';
    const notifications = all.filter((notification) => findSeverity(notification) <= least);
    if (notifications.length === 0 || this.#stage === 'stopped') return;
    try {
      const dropped = store.push(notifications, now(), this.#queueMax);
      if (dropped > 0) log('warn', `the queue of channel ${name} is full, the oldest were dropped`, { dropped });
      this.#wake(0);
    } catch (error) {
      this.#health.storeFailed(error);
    }
  }

  /** Delivers a test message at once, past the queue, so that the answer is the service's of now. Never rejects. */
  async sendTest(): Promise<{ readonly ok: boolean; readonly message: string }> {
    const { channel, now, sender } = this.#options;
    const message = formatMessage({ kind: 'test', time: new Date(now()).toISOString() }, sender);
    const delivery = await channel.deliver(message, this.#giveUp.signal);
    if (delivery.outcome === 'ok') {
      this.#health.succeeded();
      this.#retryAtMs = 0;
      this.#wake(0);
      return { ok: true, message: `${channel.service} accepted the test message` };
    }
    const fix = delivery.outcome === 'final' ? delivery.fix : 'it may pass, try again in a while';
    return { ok: false, message: `${delivery.cause}: ${fix}` };
  }

  /** Delivers what is pending for up to `drainMs`, then gives up; the rest stays on disk for the next start. */
  async stop({ drainMs }: { readonly drainMs: number }): Promise<void> {
    if (this.#stage !== 'open') return;
    this.#stage = 'draining';
    clearTimeout(this.#timer);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const deadline = setTimeout(resolve, drainMs);
    await Promise.race([this.#drain(), late]);
    clearTimeout(deadline);
    this.#stage = 'stopped';
    this.#giveUp.abort();
  }

  /** Notifications waiting. */
  size(): number {
    return this.#options.store.size();
  }

  /** Looks at the queue in `delayMs`; while a delivery is under way, its end decides when to look again. */
  #wake(delayMs: number): void {
    if (this.#stage !== 'open' || this.#running !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), Math.min(delayMs, SLEEP_MS_MAX));
    this.#timer.unref();
  }

  #run(): void {
    this.#running = this.#step().then(({ waitMs }) => {
      this.#running = undefined;
      this.#wake(waitMs);
    });
  }

  async #drain(): Promise<void> {
    await this.#running;
    while (this.#stage === 'draining' && (await this.#step()).progressed);
  }

  /** Sends one message if one is due. */
  async #step(): Promise<Step> {
    const { now, channel } = this.#options;
    try {
      const waitMs = this.#pauseMs();
      if (waitMs > 0) return { progressed: false, waitMs };
      const { items, quietMs } = this.#pending();
      if (items.length === 0) return { progressed: false, waitMs: quietMs ?? this.#nextDueMs() };
      const choice = this.#gate.choose(items, now(), this.#stage !== 'open');
      if ('waitMs' in choice) return { progressed: false, waitMs: choice.waitMs };
      const delivery = await channel.deliver(this.#format(choice.send), this.#giveUp.signal);
      // The store may be closed by now; what was delivered this late is delivered once more after the restart.
      if (this.#isStopped()) return { progressed: false, waitMs: SLEEP_MS_MAX };
      return this.#settle(delivery, choice.send, items);
    } catch (error) {
      return { progressed: false, waitMs: this.#health.storeFailed(error) };
    }
  }

  #isStopped(): boolean {
    return this.#stage === 'stopped';
  }

  /** What is left of the wait after a failure, or of the gap after a delivery, which draining skips. */
  #pauseMs(): number {
    const untilMs = this.#stage === 'open' ? Math.max(this.#retryAtMs, this.#gapEndsMs) : this.#retryAtMs;
    const pauseMs = untilMs - this.#options.now();
    return pauseMs > AHEAD_MS_MAX ? 0 : Math.max(pauseMs, 0);
  }

  /** What is due, oldest first, and how long what is left of it has to be quiet. */
  #pending(): { readonly items: OutboxItem[]; readonly quietMs: number | undefined } {
    const { store, now, channel } = this.#options;
    const { quiet_hours } = channel.settings;
    if (this.#settled.size > 0) this.#forget([...this.#settled]);
    const nextMs = store.findNextDueMs() ?? 0;
    const dueMs = nextMs > now() + AHEAD_MS_MAX ? nextMs : now();
    const due = store.due(dueMs, this.#queueMax).toSorted((a, b) => a.id - b.id);
    const quietEndMs = findQuietEnd(quiet_hours, now());
    if (quietEndMs === undefined) return { items: due, quietMs: undefined };
    const urgent = due.filter(({ notification }) => findSeverity(notification) <= URGENT);
    return { items: urgent, quietMs: urgent.length < due.length ? quietEndMs - now() : undefined };
  }

  #nextDueMs(): number {
    const nextMs = this.#options.store.findNextDueMs();
    return nextMs === undefined ? SLEEP_MS_MAX : Math.max(nextMs - this.#options.now(), 1);
  }

  #format(items: readonly OutboxItem[]): Message {
    const { sender, now } = this.#options;
    const notifications = items.map((item) => item.notification);
    const [only] = notifications;
    try {
      return only !== undefined && notifications.length === 1
        ? formatMessage(only, sender)
        : formatDigest(notifications, sender);
    } catch {
      // Rows of another version's shape must not hold up everything behind them.
      return complete(
        {
          ...{ icon: '📜', headline: `: ${items.length} messages of another version of zban` },
          details: ['They cannot be shown here.'],
          commands: [['Read them', 'zban audit']],
        },
        { kind: only?.kind ?? 'test', severity: 'SEV-5', time: new Date(now()).toISOString(), events: [] },
        sender,
      );
    }
  }

  #settle(delivery: Delivery, sent: readonly OutboxItem[], pending: readonly OutboxItem[]): Step {
    const { now, store } = this.#options;
    if (delivery.outcome === 'retry') {
      const waitMs = this.#health.failed(delivery.cause, delivery.afterMs);
      this.#retryAtMs = now() + waitMs;
      // All of them, so that a restart finds them due together and keeps their order.
      store.postpone(
        pending.map((item) => item.id),
        this.#retryAtMs,
      );
      return { progressed: false, waitMs };
    }
    if (delivery.outcome === 'ok') this.#health.succeeded();
    else this.#health.refused(delivery.cause, delivery.fix, sent.length);
    this.#gate.sent(sent, now());
    this.#gapEndsMs = now() + this.#gapMs;
    this.#forget(sent.map((item) => item.id));
    return { progressed: true, waitMs: this.#gapMs };
  }

  /** Removes from the store; what it fails to remove is remembered, so that a full disk repeats no message. */
  #forget(ids: readonly number[]): void {
    for (const id of ids) this.#settled.add(id);
    this.#options.store.remove(ids);
    for (const id of ids) this.#settled.delete(id);
  }
}
