/**
 * Decisions of others that were read and not carried out yet. What people want now goes first, and is read while much else waits: it
 * may stand behind ten thousand bans in the stream. In which order they are carried out makes no difference (src/share/merge.ts).
 */
import { isUrgent, type Order } from '../share/order.ts';

/** Of what is not urgent, so much is carried out at once. */
const PORTION = 500;

/** How far the stream was read, of the server of this epoch. */
export interface Place {
  readonly epoch: string;
  readonly lastId: string;
}

/** What one read gave. */
export interface Read {
  readonly orders: readonly Order[];
  readonly place: Place;
  /** There is more to read. */
  readonly isFull: boolean;
}

export interface Due {
  readonly orders: readonly Order[];
  /** Everything up to here is carried out with these; undefined for what was urgent. */
  readonly place: Place | undefined;
  readonly isMoreComing: boolean;
}

export class Inbox {
  private urgent: Order[] = [];
  private readonly queue: Due[] = [];
  private waiting = 0;
  private isBusy = false;
  private isClosed = false;
  private change = Promise.withResolvers<void>();
  private readonly waitingMax: number;

  /** With so many orders that wait no more is to be read. */
  constructor(waitingMax = 20_000) {
    this.waitingMax = waitingMax;
  }

  /** Takes what was read; resolves when more may be. */
  async put({ orders, place, isFull }: Read): Promise<void> {
    const { urgent = [], rest = [] } = Object.groupBy(orders, (order) => (isUrgent(order) ? 'urgent' : 'rest'));
    for (const order of urgent) this.urgent.push(order);
    let at = 0;
    do {
      const some = rest.slice(at, at + PORTION);
      at += PORTION;
      const isLast = at >= rest.length;
      this.queue.push({ orders: some, place: isLast ? place : undefined, isMoreComing: !isLast || isFull });
    } while (at < rest.length);
    this.waiting += orders.length;
    this.wake();
    await this.until(() => this.waiting < this.waitingMax);
  }

  /** Has one after the other carried out until `close`. */
  async empty(carryOut: (due: Due) => Promise<void>): Promise<void> {
    for (;;) {
      this.isBusy = false;
      this.wake();
      await this.until(() => !this.isEmpty);
      if (this.isClosed) return;
      this.isBusy = true;
      await carryOut(this.take());
    }
  }

  /** Resolves once all of it is carried out. */
  settled(): Promise<void> {
    return this.until(() => this.isEmpty && !this.isBusy);
  }

  /** What waits is read again after the next start. */
  close(): void {
    this.isClosed = true;
    this.wake();
  }

  private get isEmpty(): boolean {
    return this.urgent.length + this.queue.length === 0;
  }

  private take(): Due {
    const { urgent, queue } = this;
    this.urgent = [];
    const next = urgent.length > 0 ? undefined : queue.shift();
    const { orders, place, isMoreComing } = next ?? { orders: urgent, place: undefined, isMoreComing: false };
    this.waiting -= orders.length;
    return { orders, place, isMoreComing: isMoreComing || queue.length > 0 };
  }

  private async until(isSo: () => boolean): Promise<void> {
    while (!this.isClosed && !isSo()) await this.change.promise;
  }

  private wake(): void {
    this.change.resolve();
    this.change = Promise.withResolvers();
  }
}
