/**
 * What the process keeps open while one instance gives way to the next: the database with all that follows from it, and the text audit
 * log. A reload reads nothing anew, so that a disk in trouble can cost it nothing.
 */
import type { Config } from '../../config/schema.ts';
import { ReadConnection } from '../../record/database/read-connection.ts';
import { WriteGate } from '../../record/database/write-gate.ts';
import { RecordError } from '../../record/error.ts';
import { DatabaseOutbox } from '../../record/outbox/outbox-store.ts';
import type { Projection } from '../../record/projection/projection.ts';
import { loadInTurns } from '../../record/projection/projection-table.ts';
import type { TextLogOptions } from '../../record/text-log/text-log.ts';
import { RecordThread } from '../../record/thread/record-thread.ts';
import { AuditTrail } from '../../record/trail/audit-trail.ts';

/** How long a look at the database may wait for another program's lock. */
const BUSY_TIMEOUT_MS = 100;
/** The text log rotates at this size: an hour of bans at the fuse's limit, and an editor still opens it. */
const LOG_BYTES_MAX = 20_000_000;

export interface RecordStoreOptions {
  readonly config: Config;
  readonly configVersion: string;
  readonly now: () => number;
  /** Ends the loading of what the database holds. */
  readonly signal?: AbortSignal;
}

/** Where one instance leaves the store for the next. */
export interface Handover {
  store?: RecordStore | undefined;
}

/** A store, and whether its text audit log is to be compared with the trail. */
interface Opened {
  readonly store: RecordStore;
  readonly isNewText: boolean;
  /** Why the database that was there could not be used, where it was opened now. */
  readonly damage?: string | undefined;
}

export class RecordStore {
  readonly thread: RecordThread;
  readonly database: ReadConnection;
  readonly trail: AuditTrail;
  readonly outbox: DatabaseOutbox;
  /** Which rows of this trail are lost, in words: found at the start or while zban ran, and true from then on. */
  lostRows: string | undefined;
  /** The text audit log that was compared last is another trail's, in words. */
  foreignLog: string | undefined;
  private text: TextLogOptions;

  /**
   * The store of the instance before where it has the same database, else another one. Rejects with RecordError when the database
   * cannot be opened or read, with the signal's reason once it is aborted.
   */
  static async open(options: RecordStoreOptions, handover: Handover = {}): Promise<Opened> {
    const { config, configVersion } = options;
    const { store } = handover;
    handover.store = undefined;
    if (store?.database.path !== config.state.database) {
      await store?.close();
      return { ...(await openAnew(options)), isNewText: true };
    }
    store.trail.configVersion = configVersion;
    const text = textOf(config);
    const isNewText = JSON.stringify(text) !== JSON.stringify(store.text);
    try {
      if (isNewText) await store.thread.ask('moveText', text);
    } catch (error) {
      // The instance that goes on with the old configuration has it again.
      handover.store = store;
      throw error;
    }
    store.text = text;
    return { store, isNewText };
  }

  constructor(options: RecordStoreOptions, thread: RecordThread, database: ReadConnection, projection: Projection) {
    const { config, configVersion, now } = options;
    const gate = new WriteGate(database.path, now);
    this.thread = thread;
    this.database = database;
    this.trail = new AuditTrail({
      database,
      writer: thread.call,
      reopen: () => database.release(),
      gate,
      configVersion,
      projection,
    });
    this.outbox = new DatabaseOutbox(database, gate, thread.call);
    this.text = textOf(config);
  }

  /** Closes the files and ends the thread. */
  async close(): Promise<void> {
    this.database.close();
    await this.thread.close();
  }
}

async function openAnew(options: RecordStoreOptions): Promise<Pick<Opened, 'store' | 'damage'>> {
  const { config, signal } = options;
  const path = config.state.database;
  const thread = await RecordThread.open({ database: path, busyTimeoutMs: BUSY_TIMEOUT_MS, text: textOf(config) });
  const database = new ReadConnection(path, BUSY_TIMEOUT_MS);
  const load = async (damage: string | undefined) => {
    const projection = await loadInTurns(database, signal);
    return { store: new RecordStore(options, thread, database, projection), damage };
  };
  try {
    return await load(thread.damage).catch(async (error) => {
      if (!(error instanceof RecordError && error.code === 'corrupt')) throw error;
      // Damage that only reading all of it shows.
      database.release();
      await thread.ask('replace', undefined);
      return load(error.message);
    });
  } catch (error) {
    database.close();
    await thread.close();
    throw error;
  }
}

function textOf({ audit }: Config): TextLogOptions {
  return { path: audit.log, bytesMax: LOG_BYTES_MAX, keep: audit.log_keep };
}
