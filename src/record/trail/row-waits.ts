/** Who waits for rows to be on disk, and what the newest is that nobody has to wait for any more. */

interface Waiter {
  /** The newest row waited for. */
  id: number;
  readonly resolve: () => void;
}

export class RowWaits {
  /** The newest row that was written, or refused. */
  #triedId: number;
  #waiters: Waiter[] = [];

  constructor(triedId: number) {
    this.#triedId = triedId;
  }

  /** Resolves once rows up to this one are written or refused. */
  until(id: number): Promise<void> {
    return this.#triedId >= id ? Promise.resolve() : this.untilNext(id);
  }

  /** The same, but not before another answer has come. */
  untilNext(id = 0): Promise<void> {
    return new Promise((resolve) => this.#waiters.push({ id, resolve }));
  }

  /** Rows up to this one were written or refused. */
  note(id: number): void {
    this.#triedId = Math.max(this.#triedId, id);
    const woken = this.#waiters.filter((waiter) => waiter.id <= this.#triedId);
    if (woken.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.id > this.#triedId);
    for (const { resolve } of woken) resolve();
  }

  /** Rows got other numbers: up to `triedId` they are written, and none is above `lastId`. */
  renumber(triedId: number, lastId: number): void {
    this.#triedId = triedId;
    for (const waiter of this.#waiters) waiter.id = Math.min(waiter.id, lastId);
  }
}
