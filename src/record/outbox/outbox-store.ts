/** The queues of messages, in memory and on disk: the database in trouble costs their survival of a restart, not the messages. */
import type BetterSqlite3 from 'better-sqlite3';
import { presentCondition } from '../../english/former.ts';
import type { Notification, Outbox, OutboxItem, OutboxStore } from '../../model/notification.ts';
import { isObject, isText, parseJson } from '../../model/shape.ts';
import type { TrailWriter } from '../chain/trail-writer.ts';
import type { RecordDatabase } from '../database/database.ts';
import type { WriteGate } from '../database/write-gate.ts';
import { toRecordError } from '../error.ts';
import type { Call } from '../thread/call.ts';
import type { MessageRow } from './outbox-statements.ts';

const hasKind = isObject({ kind: isText });
/** Whatever else it is: another version's message is delivered as one that cannot be shown (notify/notifier.ts). */
const isMessage = (value: unknown): value is Notification => hasKind(value);

/** An older version's message has its names of conditions. */
const renamed = (key: string, value: unknown) =>
  key === 'condition' && typeof value === 'string' ? presentCondition(value) : value;

/** By id, which is by age. */
type Items = Map<number, OutboxItem>;

/** Methods do not throw for a database in trouble: what could not be written is written with the next change or `retry`. */
export class DatabaseOutbox implements Outbox {
  readonly #gate: WriteGate;
  readonly #writer: Call<TrailWriter>;
  /** By channel. */
  readonly #queues = new Map<string, Items>();
  /** Messages whose row is not what memory says, and their channels. */
  #unsaved = new Map<number, string>();
  /** Those of them that the writer has; undefined while nothing is under way. */
  #underWay: ReadonlyMap<number, string> | undefined;
  #generation = 0;
  #waiters: (() => void)[] = [];
  #lastId = 0;

  /** Loads what an earlier run left; `writer` writes. Throws RecordError when the database cannot be read. */
  constructor(database: RecordDatabase, gate: WriteGate, writer: Call<TrailWriter>) {
    this.#gate = gate;
    this.#writer = writer;
    try {
      this.#load(database.sql);
    } catch (error) {
      throw toRecordError(error, database.path);
    }
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
    if (this.#underWay) return false;
    if (this.#unsaved.size === 0) return true;
    if (!this.#gate.mayTry()) return false;
    const underWay = this.#unsaved;
    this.#underWay = underWay;
    this.#unsaved = new Map();
    const find = (channel: string, id: number) => this.#queues.get(channel)?.get(id);
    const put = [...underWay].flatMap(([id, channel]) => rowOf(channel, find(channel, id)) ?? []);
    const drop = [...underWay].flatMap(([id, channel]) => (find(channel, id) ? [] : id));
    this.#writer('save', { put, drop, generation: this.#generation }, (outcome) => {
      this.#underWay = undefined;
      for (const wake of this.#waiters.splice(0)) wake();
      if (outcome.ok && outcome.value === this.#generation) this.#gate.noteSuccess('outbox');
      else for (const [id, channel] of underWay) this.#unsaved.set(id, channel);
      if (!outcome.ok) return void this.#gate.noteFailure('outbox', outcome.error);
      if (outcome.value !== this.#generation) {
        // Another database may have none of them.
        for (const [channel, items] of this.#queues) for (const id of items.keys()) this.#unsaved.set(id, channel);
        this.#generation = outcome.value;
      }
      this.retry();
    });
    return !this.#underWay && this.#unsaved.size === 0;
  }

  /** Resolves once what waits was written or refused. */
  async drain(): Promise<void> {
    this.retry();
    while (this.#underWay) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #itemsOf(channel: string): Items {
    const items = this.#queues.get(channel) ?? new Map();
    this.#queues.set(channel, items);
    return items;
  }

  #load(sql: BetterSqlite3.Database): void {
    const rows = sql
      .prepare<[], MessageRow>('SELECT id, channel, notification, attempts, due_ms AS dueMs FROM outbox ORDER BY id')
      .iterate();
    for (const { id, channel, notification, attempts, dueMs } of rows) {
      this.#lastId = id;
      const message = parseJson(notification, isMessage, renamed);
      if (message) this.#itemsOf(channel).set(id, { id, notification: message, attempts, dueMs });
      else this.#unsaved.set(id, channel);
    }
  }
}

function rowOf(channel: string, item: OutboxItem | undefined): MessageRow | undefined {
  return item && { ...item, channel, notification: JSON.stringify(item.notification) };
}
