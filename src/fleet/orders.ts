/**
 * Decisions on their way to the server, what people want now before all else, the rest in its order: what it has not taken waits, and
 * is said again until it has.
 */
import { isUrgent, type Order } from '../share/order.ts';
import { formatOrder } from './entry.ts';
import type { Keys } from './keys.ts';
import { ORDER_ARGUMENTS, PUBLISH } from './scripts.ts';
import type { Server } from './server.ts';

/** Decisions that wait while the server is away; more are left to the trail, from which they are sent when it is back. */
const WAITING_MAX = 100_000;
/** Sent in one call: the server does nothing else meanwhile. */
const AT_ONCE = 500;

/** An order, and the row of the trail that it came from; 0 for one that has no row. */
export interface Outgoing {
  readonly order: Order;
  readonly auditId: number;
}

export class OutgoingOrders {
  /** Every row up to this one was sent. */
  sentAuditId = 0;
  /** Decisions that found no room here. What is not urgent and came after the first of them has none either: they are read from the trail. */
  overflowed = 0;
  /** Decisions without a row that the server has not taken. */
  readonly unrecorded = new Set<Order>();
  private readonly urgent: Outgoing[] = [];
  private readonly waiting: Outgoing[] = [];
  /** Sent, and not answered. */
  private sending: readonly Outgoing[] = [];
  /** What is said again, after what is new. */
  private repeats: Outgoing[] = [];
  private wake: (() => void) | undefined;

  get size(): number {
    return this.urgent.length + this.waiting.length + this.sending.length + this.repeats.length;
  }

  private get next(): Outgoing[] {
    return [this.urgent, this.waiting].find(({ length }) => length > 0) ?? this.repeats;
  }

  push(orders: readonly Outgoing[]): void {
    for (const outgoing of orders) {
      const queue = isUrgent(outgoing.order) ? this.urgent : this.waiting;
      if (queue.length < WAITING_MAX && (queue === this.urgent || this.overflowed === 0)) {
        queue.push(outgoing);
        if (outgoing.auditId === 0) this.unrecorded.add(outgoing.order);
      } else this.overflowed++;
    }
    this.wake?.();
  }

  /** Says these once more, in place of all that was to be said again before. */
  repeat(orders: readonly Order[]): void {
    this.repeats = orders.map((order) => ({ order, auditId: 0 }));
    this.wake?.();
  }

  /** Sends what waits, and what comes, until it fails or `isOver`; nothing before its row is `recorded`. */
  async send(server: Server, keys: Keys, recorded: () => Promise<void>, isOver: () => boolean): Promise<void> {
    const of = [keys.bans, keys.active, keys.details, keys.lifted, keys.releases, keys.allowed, keys.panic];
    while (!isOver()) {
      const queue = this.next;
      if (queue.length === 0) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        continue;
      }
      const count = Math.min(queue.length, AT_ONCE);
      await recorded();
      // Meanwhile there may be others to say again, something more urgent, or another connection that sends.
      if (isOver() || queue !== this.next) continue;
      const some = queue.splice(0, count);
      this.sending = some;
      const words = some.flatMap(({ order }) => argumentsOf(order));
      try {
        await server.run(PUBLISH, of, words);
        for (const { order } of some) this.unrecorded.delete(order);
        // Rows before an urgent one may wait.
        const isInOrder = queue !== this.urgent || this.waiting.length + this.overflowed === 0;
        for (const { auditId } of isInOrder ? some : []) this.sentAuditId = Math.max(this.sentAuditId, auditId);
      } catch (error) {
        // What is said again is said anew with the next connection.
        if (queue !== this.repeats) queue.unshift(...some);
        throw error;
      } finally {
        this.sending = [];
      }
    }
  }

  /** Lets `send` notice that it is over. */
  interrupt(): void {
    this.wake?.();
  }
}

function argumentsOf(order: Order): string[] {
  const { kind, target, atMs, untilMs } = order;
  const words = [kind, target, String(atMs), untilMs === null ? 'inf' : String(untilMs), formatOrder(order)];
  if (words.length !== ORDER_ARGUMENTS) throw new RangeError('an order does not fit its script');
  return words;
}
