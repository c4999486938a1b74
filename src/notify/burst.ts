/** Which message goes out next: one item, or a burst folded into a digest. Pure. */
import type { Notification, OutboxItem } from '../model/notification.ts';

type NotificationKind = Notification['kind'];

export type Choice =
  | { readonly send: readonly OutboxItem[] }
  /** Everything pending is held back for this long. */
  | { readonly waitMs: number };

/**
 * Within any `windowMs` at most `over` messages of one kind go out; what comes beyond waits, and more than `over`
 * waiting items leave as one digest. A digest uses up its window's whole allowance, so a long attack tells at once
 * that it began and then reports once a window. Order holds within a kind; a kind held back lets the others pass, so
 * that a burst of bans never delays the news that the fuse tripped.
 */
export class BurstGate {
  readonly #over: number;
  readonly #windowMs: number;
  readonly #sentMs = new Map<NotificationKind, number[]>();

  constructor(over: number, windowMs: number) {
    this.#over = over;
    this.#windowMs = windowMs;
  }

  /** Chooses from `items`, which are in order and not empty; `draining` holds nothing back. */
  choose(items: readonly OutboxItem[], nowMs: number, draining: boolean): Choice {
    let waitMs = this.#windowMs;
    const seen = new Set<NotificationKind>();
    for (const { notification } of items) {
      const kind = this.#precedes(items, notification.kind, nowMs, draining);
      if (seen.has(kind)) continue;
      seen.add(kind);
      const heldMs = draining ? 0 : this.#heldUntilMs(kind, nowMs) - nowMs;
      if (heldMs > 0) {
        waitMs = Math.min(waitMs, heldMs);
        continue;
      }
      const pending = items.filter((item) => item.notification.kind === kind);
      return { send: pending.length > this.#over ? pending : pending.slice(0, 1) };
    }
    return { waitMs };
  }

  /** The kind that goes in place of `kind`: a digest of ends must not overtake the bans that they end. */
  #precedes(items: readonly OutboxItem[], kind: NotificationKind, nowMs: number, draining: boolean): NotificationKind {
    const ends = kind === 'unban' ? items.filter((item) => item.notification.kind === kind) : [];
    const last = ends.at(-1);
    if (last === undefined || ends.length <= this.#over) return kind;
    const begun = items.slice(0, items.indexOf(last)).map(({ notification }) => notification.kind);
    const isFree = (other: NotificationKind) => draining || this.#heldUntilMs(other, nowMs) <= nowMs;
    return begun.find((other) => (other === 'ban' || other === 'order') && isFree(other)) ?? kind;
  }

  /** Takes note of a message that was delivered. */
  sent(items: readonly OutboxItem[], nowMs: number): void {
    const kind = items[0]?.notification.kind;
    if (kind === undefined || this.#over === Number.POSITIVE_INFINITY) return;
    const times = this.#sentMs.get(kind) ?? [];
    for (let count = items.length > 1 ? this.#over : 1; count > 0; count -= 1) times.push(nowMs);
    this.#sentMs.set(kind, times.slice(-this.#over));
  }

  /** The time from which the next message of a kind may go; a clock set back forgets what lies in its future. */
  #heldUntilMs(kind: NotificationKind, nowMs: number): number {
    const times = this.#sentMs.get(kind) ?? [];
    const oldestMs = times[times.length - this.#over];
    return oldestMs === undefined || oldestMs > nowMs ? nowMs : oldestMs + this.#windowMs;
  }
}
