import type { Notification, OutboxItem, OutboxStore } from '../../src/model/notification.ts';

/** The queue without a disk; `json` makes it keep what JSON keeps, as a database would. */
export class MemoryStore implements OutboxStore {
  items: OutboxItem[] = [];
  failing = false;
  #id = 0;

  push(notifications: readonly Notification[], nowMs: number, max: number): number {
    this.#check();
    for (const notification of notifications)
      this.items.push({
        id: ++this.#id,
        notification: JSON.parse(JSON.stringify(notification)),
        attempts: 0,
        dueMs: nowMs,
      });
    return this.items.splice(0, this.items.length - max).length;
  }
  due(nowMs: number, limit: number): readonly OutboxItem[] {
    return this.items.filter((item) => item.dueMs <= nowMs).slice(0, limit);
  }
  findNextDueMs(): number | undefined {
    return this.items.length === 0 ? undefined : Math.min(...this.items.map((item) => item.dueMs));
  }
  remove(ids: readonly number[]): void {
    this.#check();
    this.items = this.items.filter((item) => !ids.includes(item.id));
  }
  postpone(ids: readonly number[], dueMs: number): void {
    this.#check();
    this.items = this.items.map((item) =>
      ids.includes(item.id) ? { ...item, dueMs, attempts: item.attempts + 1 } : item,
    );
  }
  size(): number {
    return this.items.length;
  }
  #check(): void {
    if (this.failing) throw new Error('disk full');
  }
}
