/** The outbox: notifications wait on disk and are delivered one at a time, in order, at least once. */

import type { Notification, OutboxItem, OutboxStore } from '../model/notification.ts';
import { BurstGate } from './burst.ts';
import { DeliveryHealth, type DeliveryHealthOptions } from './delivery-health.ts';
import { formatDigest } from './digest.ts';
import { formatMessage, message } from './message.ts';
import { type SlackPayload, section } from './payload.ts';
import type { Deliver, Delivery } from './slack.ts';

export interface NotifierOptions extends DeliveryHealthOptions {
  readonly store: OutboxStore;
  readonly deliver: Deliver;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly hostName: string;
  /** More pending notifications of one kind than this become one digest. */
  readonly digestOver: number;
  readonly digestWindowMs: number;
  /** Notifications kept on disk; the oldest are dropped beyond it. */
  readonly queueMax: number;
  /** Milliseconds between two deliveries; Slack allows about one a second for each webhook. Default 1000. */
  readonly gapMs?: number;
}

export interface Notifier {
  /** Puts notifications on disk and returns; never throws and never waits for the network. */
  notify(notifications: readonly Notification[]): void;
  /** Delivers a test message at once, past the queue, so that the answer is Slack's of now. Never rejects. */
  sendTest(): Promise<{ readonly ok: boolean; readonly message: string }>;
  /** Delivers what is pending for up to `drainMs`, then gives up; the rest stays on disk for the next start. */
  stop(options: { readonly drainMs: number }): Promise<void>;
  /** Notifications waiting. */
  size(): number;
  /** Notifications that were never delivered: over the queue's limit, not storable, or refused by Slack. */
  dropped(): number;
}

/** Rows read for one choice; a longer queue is folded in several digests. */
const BATCH_MAX = 1000;
/** The longest sleep: whatever became of a timer or the clock, the queue is looked at again by then. */
const SLEEP_MS_MAX = 60_000;
/** No wait is set further ahead (Retry-After is cut to it): a due time beyond it means that the clock was set back. */
const AHEAD_MS_MAX = 3_600_000;

/** Starts the delivery of what is already on disk and of everything notified from now on. Its timers are unref'd. */
export function createNotifier(options: NotifierOptions): Notifier {
  const notifier = new OutboxNotifier(options);
  notifier.wake(0);
  return notifier;
}

/** What one look at the queue came to. */
type Step = { readonly progressed: boolean; readonly waitMs: number };

class OutboxNotifier implements Notifier {
  readonly #options: NotifierOptions;
  readonly #gapMs: number;
  readonly #gate: BurstGate;
  readonly #health: DeliveryHealth;
  readonly #giveUp = new AbortController();
  /** Delivered or refused, but the store failed to remove them: never to be sent again. */
  readonly #settled = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #retryAtMs = 0;
  #gapEndsMs = 0;
  #dropped = 0;
  #stage: 'open' | 'draining' | 'stopped' = 'open';

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#gapMs = options.gapMs ?? 1000;
    this.#gate = new BurstGate(options.digestOver, options.digestWindowMs);
    this.#health = new DeliveryHealth(options);
  }

  notify(notifications: readonly Notification[]): void {
    if (notifications.length === 0 || this.#stage === 'stopped') return;
    const { store, now, queueMax, log } = this.#options;
    try {
      const dropped = store.push(notifications, now(), queueMax);
      this.#dropped += dropped;
      if (dropped > 0) log('warn', 'the queue of Slack messages is full, the oldest were dropped', { dropped });
      this.wake(0);
    } catch (error) {
      this.#dropped += notifications.length;
      this.#health.storeFailed(error);
    }
  }

  async sendTest(): Promise<{ ok: boolean; message: string }> {
    const { deliver, now, hostName } = this.#options;
    const payload = formatMessage({ kind: 'test', time: new Date(now()).toISOString() }, hostName);
    const delivery = await deliver(payload, this.#giveUp.signal);
    if (delivery.outcome === 'ok') {
      this.#health.succeeded();
      this.#retryAtMs = 0;
      this.wake(0);
      return { ok: true, message: 'Slack accepted the test message' };
    }
    const mend = delivery.outcome === 'final' ? delivery.mend : 'it may pass, try again in a while';
    return { ok: false, message: `${delivery.cause}: ${mend}` };
  }

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

  size(): number {
    return this.#options.store.size();
  }

  dropped(): number {
    return this.#dropped;
  }

  /** Looks at the queue in `delayMs`; while a delivery is under way, its end decides when to look again. */
  wake(delayMs: number): void {
    if (this.#stage !== 'open' || this.#running !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), Math.min(delayMs, SLEEP_MS_MAX));
    this.#timer.unref();
  }

  #run(): void {
    this.#running = this.#step().then(({ waitMs }) => {
      this.#running = undefined;
      this.wake(waitMs);
    });
  }

  async #drain(): Promise<void> {
    await this.#running;
    while (this.#stage === 'draining' && (await this.#step()).progressed);
  }

  /** Sends one message if one is due. */
  async #step(): Promise<Step> {
    const { now, deliver } = this.#options;
    try {
      const waitMs = this.#pauseMs();
      if (waitMs > 0) return { progressed: false, waitMs };
      const items = this.#pending();
      if (items.length === 0) return { progressed: false, waitMs: this.#nextDueMs() };
      const choice = this.#gate.choose(items, now(), this.#stage !== 'open');
      if ('waitMs' in choice) return { progressed: false, waitMs: choice.waitMs };
      const payload = this.#format(choice.send);
      const delivery = await deliver(payload, this.#giveUp.signal);
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

  /** What is due, oldest first. */
  #pending(): OutboxItem[] {
    const { store, now, queueMax } = this.#options;
    if (this.#settled.size > 0) this.#forget([...this.#settled]);
    const nextMs = store.findNextDueMs() ?? 0;
    const dueMs = nextMs > now() + AHEAD_MS_MAX ? nextMs : now();
    return store.due(dueMs, Math.min(queueMax, BATCH_MAX)).toSorted((a, b) => a.id - b.id);
  }

  #nextDueMs(): number {
    const nextMs = this.#options.store.findNextDueMs();
    return nextMs === undefined ? SLEEP_MS_MAX : Math.max(nextMs - this.#options.now(), 1);
  }

  #format(items: readonly OutboxItem[]): SlackPayload {
    const { hostName } = this.#options;
    const notifications = items.map((item) => item.notification);
    const [only] = notifications;
    try {
      return only !== undefined && notifications.length === 1
        ? formatMessage(only, hostName)
        : formatDigest(notifications, hostName);
    } catch {
      // Rows of another version's shape must not hold up everything behind them.
      return message(`zban on ${hostName}: ${items.length} messages of another version`, [
        section('They cannot be shown here, read them with `zban audit`.'),
      ]);
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
    else {
      this.#dropped += sent.length;
      this.#health.refused(delivery.cause, delivery.mend, sent.length);
    }
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
