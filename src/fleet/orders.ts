/** Decisions on their way to the server, in their order: what it has not taken waits, and is said again until it has. */
import { formatOrder, type Order } from '../share/order.ts';
import type { Keys } from './keys.ts';
import { ORDER_ARGUMENTS, PUBLISH } from './scripts.ts';
import type { Server } from './server.ts';

/** Decisions that wait while the server is away; more are left to the trail, from which they are sent when it is back. */
const WAITING_MAX = 100_000;
/** Sent in one call: the server does nothing else meanwhile. */
const AT_ONCE = 500;

/** An order, and the row of the trail that it came from; 0 for one that says again what was said. */
export interface Outgoing {
  readonly order: Order;
  readonly auditId: number;
}

export class OutgoingOrders {
  /** Every row up to this one was sent. */
  sentAuditId = 0;
  /** Decisions that found no room here. */
  overflowed = 0;
  private waiting: Outgoing[] = [];
  private wake: (() => void) | undefined;

  get size(): number {
    return this.waiting.length;
  }

  push(orders: readonly Outgoing[]): void {
    const room = Math.max(0, WAITING_MAX - this.waiting.length);
    for (const order of orders.slice(0, room)) this.waiting.push(order);
    this.overflowed += Math.max(0, orders.length - room);
    this.wake?.();
  }

  /** Sends what waits, and what comes, until it fails or `isOver`. */
  async send(server: Server, keys: Keys, isOver: () => boolean): Promise<void> {
    const of = [keys.bans, keys.active, keys.details, keys.lifted, keys.releases, keys.allowed, keys.panic];
    while (!isOver()) {
      const some = this.waiting.slice(0, AT_ONCE);
      if (some.length === 0) {
        await new Promise<void>((resolve) => (this.wake = resolve));
        continue;
      }
      await server.run(
        PUBLISH,
        of,
        some.flatMap(({ order }) => argumentsOf(order)),
      );
      this.waiting = this.waiting.slice(some.length);
      for (const { auditId } of some) this.sentAuditId = Math.max(this.sentAuditId, auditId);
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
