/** Decisions on their way to the server, in their order: what it has not taken waits, and is said again until it has. */
import { formatOrder, type Order } from '../share/order.ts';
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
  /** Decisions that found no room here. */
  overflowed = 0;
  private readonly waiting: Outgoing[] = [];
  /** Sent, and not answered. */
  private sending: readonly Outgoing[] = [];
  /** What is said again, after what is new. */
  private repeats: Outgoing[] = [];
  private wake: (() => void) | undefined;

  get size(): number {
    return this.waiting.length + this.sending.length + this.repeats.length;
  }

  push(orders: readonly Outgoing[]): void {
    const room = Math.max(0, WAITING_MAX - this.waiting.length);
    for (const order of orders.slice(0, room)) this.waiting.push(order);
    this.overflowed += Math.max(0, orders.length - room);
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
      const queue = this.waiting.length > 0 ? this.waiting : this.repeats;
      if (queue.length === 0) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        continue;
      }
      const count = Math.min(queue.length, AT_ONCE);
      await recorded();
      // Meanwhile there may be others to say again.
      if (queue !== this.waiting && queue !== this.repeats) continue;
      const some = queue.splice(0, count);
      this.sending = some;
      const words = some.flatMap(({ order }) => argumentsOf(order));
      try {
        await server.run(PUBLISH, of, words);
        for (const { auditId } of some) this.sentAuditId = Math.max(this.sentAuditId, auditId);
      } catch (error) {
        // What is said again is said anew with the next connection.
        if (queue === this.waiting) queue.unshift(...some);
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
