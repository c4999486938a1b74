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

type ChannelItem = OutboxItem & { readonly channel: string };

/** Messages whose row is not as it should be; undefined for those that are gone. */
export type UnsavedMessages = ReadonlyMap<number, ChannelItem | undefined>;

/** Methods do not throw for a database in trouble: what could not be written is written with the next change or `retry`. */
export class DatabaseOutbox implements Outbox {
  readonly #gate: WriteGate;
  readonly #database: RecordDatabase;
  readonly #save: () => (ids: ReadonlySet<number>) => void;
  /** By id, which is by age. */
  readonly #items = new Map<number, ChannelItem>();
  /** Ids whose row is not what memory says. */
  readonly #unsaved = new Set<number>();
  #lastId = 0;

  /** Loads what an earlier run left, and what its predecessor could not write. Throws RecordError when the database cannot be read. */
  constructor(database: RecordDatabase, gate: WriteGate, unsaved: UnsavedMessages = new Map()) {
    this.#gate = gate;
    this.#database = database;
    this.#save = preparedFor(database, (sql) => {
      // Another database may have none of them.
      for (const id of this.#items.keys()) this.#unsaved.add(id);
      return prepareSave(sql, this.#items);
    });
    try {
      this.#load(database.sql);
    } catch (error) {
      throw toRecordError(error, database.path);
    }
    for (const [id, item] of unsaved) {
      if (item) this.#items.set(id, item);
      else this.#items.delete(id);
      this.#unsaved.add(id);
      this.#lastId = Math.max(this.#lastId, id);
    }
  }

  /** What is not on disk, for an outbox that takes this one's place. */
  takeUnsaved(): UnsavedMessages {
    return new Map([...this.#unsaved].map((id) => [id, this.#items.get(id)]));
  }

  queue(channel: string): OutboxStore {
    const items = () => [...this.#items.values()].filter((item) => item.channel === channel);
    const remove = (ids: readonly number[]) => {
      for (const id of ids) if (this.#items.delete(id)) this.#unsaved.add(id);
      this.retry();
    };
    return {
      push: (notifications, nowMs, max) => {
        for (const notification of notifications) this.#append(channel, notification, nowMs);
        const waiting = items();
        const dropped = waiting.slice(0, Math.max(0, waiting.length - max)).map(({ id }) => id);
        remove(dropped);
        return dropped.length;
      },
      due: (nowMs, limit) =>
        items()
          .filter(({ dueMs }) => dueMs <= nowMs)
          .slice(0, limit),
      findNextDueMs: () =>
        items().reduce<number | undefined>((next, { dueMs }) => Math.min(next ?? dueMs, dueMs), undefined),
      remove,
      postpone: (ids, dueMs) => {
        for (const id of ids) {
          const item = this.#items.get(id);
          if (item) this.#put({ ...item, attempts: item.attempts + 1, dueMs });
        }
        this.retry();
      },
      size: () => items().length,
    };
  }

  keepOnly(channels: readonly string[]): number {
    const others = [...this.#items.values()].filter(({ channel }) => !channels.includes(channel));
    for (const { id } of others) {
      this.#items.delete(id);
      this.#unsaved.add(id);
    }
    this.retry();
    return others.length;
  }

  /** Writes what could not be written before; true when nothing is left. */
  retry(): boolean {
    if (this.#unsaved.size === 0) return true;
    const save = () => this.#database.write(() => this.#save()(this.#unsaved));
    if (!this.#gate.attempt(save)) return false;
    this.#unsaved.clear();
    return true;
  }

  #append(channel: string, notification: Notification, nowMs: number): void {
    this.#put({ id: this.#lastId + 1, channel, notification, attempts: 0, dueMs: nowMs });
    this.#lastId += 1;
  }

  #put(item: ChannelItem): void {
    this.#items.set(item.id, item);
    this.#unsaved.add(item.id);
  }

  #load(sql: BetterSqlite3.Database): void {
    const rows = sql
      .prepare<[], Row>('SELECT id, channel, notification, attempts, due_ms AS dueMs FROM outbox ORDER BY id')
      .iterate();
    for (const { id, channel, notification, attempts, dueMs } of rows) {
      this.#lastId = id;
      const value = readObject(notification);
      if (value) this.#items.set(id, { id, channel, notification: value as unknown as Notification, attempts, dueMs });
      else this.#unsaved.add(id);
    }
  }
}

function prepareSave(
  sql: BetterSqlite3.Database,
  items: ReadonlyMap<number, ChannelItem>,
): (ids: ReadonlySet<number>) => void {
  const put = sql.prepare(
    'INSERT OR REPLACE INTO outbox (id, channel, notification, attempts, due_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const drop = sql.prepare('DELETE FROM outbox WHERE id = ?');
  return sql.transaction((ids: ReadonlySet<number>) => {
    for (const id of ids) {
      const item = items.get(id);
      if (item) put.run(id, item.channel, JSON.stringify(item.notification), item.attempts, item.dueMs);
      else drop.run(id);
    }
  }).immediate;
}
