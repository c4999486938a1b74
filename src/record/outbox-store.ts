/** The queues of messages, in memory and on disk: the database in trouble costs their survival of a restart, not the messages. */
import type BetterSqlite3 from 'better-sqlite3';
import type { Notification, Outbox, OutboxItem, OutboxStore } from '../model/notification.ts';
import { preparedFor, type RecordDatabase } from './database.ts';
import { toRecordError } from './error.ts';
import { readObject } from './row.ts';
import type { WriteGate } from './write-gate.ts';

interface Row {
  readonly id: number;
  readonly channel: string;
  readonly notification: string;
  readonly attempts: number;
  readonly dueMs: number;
}

/** Messages whose row is not as it should be, with their channel; `item` is undefined for those that are gone. */
export type UnsavedMessages = ReadonlyMap<number, { readonly channel: string; readonly item: OutboxItem | undefined }>;

/** By id, which is by age. */
type Items = Map<number, OutboxItem>;

/** Methods do not throw for a database in trouble: what could not be written is written with the next change or `retry`. */
export class DatabaseOutbox implements Outbox {
  readonly #gate: WriteGate;
  readonly #database: RecordDatabase;
  readonly #save: () => (messages: UnsavedMessages) => void;
  /** By channel. */
  readonly #queues = new Map<string, Items>();
  /** Messages whose row is not what memory says, and their channels. */
  readonly #unsaved = new Map<number, string>();
  #lastId = 0;

  /** Loads what an earlier run left, and what its predecessor could not write. Throws RecordError when the database cannot be read. */
  constructor(database: RecordDatabase, gate: WriteGate, unsaved: UnsavedMessages = new Map()) {
    this.#gate = gate;
    this.#database = database;
    this.#save = preparedFor(database, (sql) => {
      // Another database may have none of them.
      for (const [channel, items] of this.#queues) for (const id of items.keys()) this.#unsaved.set(id, channel);
      return prepareSave(sql);
    });
    try {
      this.#load(database.sql);
    } catch (error) {
      throw toRecordError(error, database.path);
    }
    for (const [id, { channel, item }] of unsaved) {
      if (item) this.#itemsOf(channel).set(id, item);
      else this.#itemsOf(channel).delete(id);
      this.#unsaved.set(id, channel);
      this.#lastId = Math.max(this.#lastId, id);
    }
  }

  /** What is not on disk, for an outbox that takes this one's place. */
  takeUnsaved(): UnsavedMessages {
    return new Map(
      [...this.#unsaved].map(([id, channel]) => [id, { channel, item: this.#queues.get(channel)?.get(id) }]),
    );
  }

  queue(channel: string): OutboxStore {
    const items = this.#itemsOf(channel);
    const put = (item: OutboxItem) => {
      items.set(item.id, item);
      this.#unsaved.set(item.id, channel);
    };
    const remove = (ids: Iterable<number>) => {
      for (const id of ids) if (items.delete(id)) this.#unsaved.set(id, channel);
      this.retry();
    };
    return {
      push: (notifications, nowMs, max) => {
        for (const notification of notifications) put({ id: ++this.#lastId, notification, attempts: 0, dueMs: nowMs });
        const dropped = [...items.keys()].slice(0, Math.max(0, items.size - max));
        remove(dropped);
        return dropped.length;
      },
      due: (nowMs, limit) => [...items.values()].filter(({ dueMs }) => dueMs <= nowMs).slice(0, limit),
      findNextDueMs: () => {
        let next: number | undefined;
        for (const { dueMs } of items.values()) next = Math.min(next ?? dueMs, dueMs);
        return next;
      },
      remove,
      postpone: (ids, dueMs) => {
        for (const id of ids) {
          const item = items.get(id);
          if (item) put({ ...item, attempts: item.attempts + 1, dueMs });
        }
        this.retry();
      },
      size: () => items.size,
    };
  }

  keepOnly(channels: readonly string[]): number {
    let dropped = 0;
    for (const [channel, items] of this.#queues) {
      if (channels.includes(channel)) continue;
      dropped += items.size;
      this.queue(channel).remove([...items.keys()]);
    }
    return dropped;
  }

  /** Writes what could not be written before; true when nothing is left. */
  retry(): boolean {
    if (this.#unsaved.size === 0) return true;
    const save = () => this.#database.write(() => this.#save()(this.takeUnsaved()));
    if (!this.#gate.attempt(save)) return false;
    this.#unsaved.clear();
    return true;
  }

  #itemsOf(channel: string): Items {
    const items = this.#queues.get(channel) ?? new Map();
    this.#queues.set(channel, items);
    return items;
  }

  #load(sql: BetterSqlite3.Database): void {
    const rows = sql
      .prepare<[], Row>('SELECT id, channel, notification, attempts, due_ms AS dueMs FROM outbox ORDER BY id')
      .iterate();
    for (const { id, channel, notification, attempts, dueMs } of rows) {
      this.#lastId = id;
      const value = readObject(notification);
      if (value)
        this.#itemsOf(channel).set(id, { id, notification: value as unknown as Notification, attempts, dueMs });
      else this.#unsaved.set(id, channel);
    }
  }
}

function prepareSave(sql: BetterSqlite3.Database): (messages: UnsavedMessages) => void {
  const put = sql.prepare(
    'INSERT OR REPLACE INTO outbox (id, channel, notification, attempts, due_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const drop = sql.prepare('DELETE FROM outbox WHERE id = ?');
  return sql.transaction((messages: UnsavedMessages) => {
    for (const [id, { channel, item }] of messages) {
      if (item) put.run(id, channel, JSON.stringify(item.notification), item.attempts, item.dueMs);
      else drop.run(id);
    }
  }).immediate;
}
