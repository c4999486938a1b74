/**
 * Numbers rows, binds each to the row before, and hands them to what writes. While the database cannot be written, rows wait in memory
 * in their order and the picture of bans stays right.
 */
import { setImmediate } from 'node:timers/promises';
import type { AuditDraft, AuditEntry } from '../../model/audit.ts';
import type { ChainEnd } from '../chain/chain-ends.ts';
import type { Extra } from '../chain/trail-statements.ts';
import type { BatchResult, TrailWriter } from '../chain/trail-writer.ts';
import type { RecordDatabase } from '../database/database.ts';
import type { WriteGate } from '../database/write-gate.ts';
import { lossDraft, portionsOf, restorationDrafts, unfinished } from '../loss/lost-rows.ts';
import { BansInForce } from '../projection/bans-in-force.ts';
import type { Change, Projection } from '../projection/projection.ts';
import { storedOf } from '../projection/projection-statements.ts';
import { loadStored } from '../projection/projection-table.ts';
import { joinRows, PORTION_ROWS, writeRow } from '../row/row.ts';
import type { Call, Outcome } from '../thread/call.ts';
import { Backlog, type TrailStatus } from './backlog.ts';
import { RowWaits } from './row-waits.ts';
import { TrailReader } from './trail-reader.ts';

/** Rows of one transaction. */
const BATCH_ROWS = 10_000;

export interface TrailRecorderOptions {
  /** For reading. */
  readonly database: RecordDatabase;
  /** What writes to the database. */
  readonly writer: Call<TrailWriter>;
  /** Makes `database` another connection: the file is another one, or can be read only now. */
  readonly reopen?: () => void;
  /** Shared by everything that writes to this database. */
  readonly gate: WriteGate;
  readonly configVersion: string;
  /** Rows that may wait in memory; what comes on top is lost and counted. Default 100,000. */
  readonly backlogMax?: number;
  /** What follows from the rows, loaded beforehand (loadInTurns). Default: loaded now. */
  readonly projection?: Projection;
  /** Epoch milliseconds, for rows about the trail itself. Default Date.now. */
  readonly now?: () => number;
}

/** What was handed to the writer and not answered yet. */
interface UnderWay {
  readonly rows: number;
  readonly extra: Extra;
}

export abstract class TrailRecorder extends BansInForce {
  readonly #options: TrailRecorderOptions;
  readonly #database: RecordDatabase;
  protected readonly writer: Call<TrailWriter>;
  protected readonly gate: WriteGate;
  readonly #now: () => number;
  protected readonly backlog: Backlog;
  protected readonly reader: TrailReader;
  /** First 12 hex digits of the SHA-256 of the configuration in force. */
  configVersion: string;
  /** The newest row on disk, and the newest at all. Rows that wait follow the first, unless rows between are lost. */
  protected written: ChainEnd;
  protected newestRow: ChainEnd;
  protected underWay: UnderWay | undefined;
  readonly #waits: RowWaits;
  /** While another database gets what a lost one had: what follows from the rows that it has got so far, and the portions to come. */
  #restoration: { readonly stored: Projection; readonly missing: Iterator<readonly AuditDraft[]> } | undefined;
  /** Entries that another database made rows of other numbers. */
  readonly #renumbered = new WeakMap<AuditEntry, AuditEntry>();

  /** Loads the projection. Throws RecordError when the database cannot be read. */
  constructor(options: TrailRecorderOptions) {
    const { database } = options;
    super(options.projection ?? loadStored(database));
    this.reader = new TrailReader(database);
    this.written = this.reader.readHead();
    this.#options = options;
    this.#database = database;
    this.writer = options.writer;
    this.gate = options.gate;
    this.#now = options.now ?? Date.now;
    this.backlog = new Backlog(options.backlogMax ?? 100_000);
    this.configVersion = options.configVersion;
    this.newestRow = this.written;
    this.#waits = new RowWaits(this.newestRow.id);
    this.backlog.noteStored(this.reader.positions(), this.reader.states());
  }

  /**
   * Records drafts with the positions and states that belong to them, in one transaction up to 10,000 of them. Never throws for
   * a database in trouble: the rows wait in memory (see `status`). Entries come back in the order of the drafts, on their way to
   * the disk (see `settled`). One that the full backlog had no room for has id 0 and an empty hash, and nothing follows
   * from it: without a record no ban.
   */
  append(drafts: readonly AuditDraft[], extra: Extra = {}): AuditEntry[] {
    const isBounded = this.gate.trouble !== undefined || !this.backlog.hasRoom(false);
    const entries = drafts.map((draft) => this.accept(draft, isBounded && this.backlog.rows.length > 0));
    this.backlog.addExtra(extra);
    this.flush(false);
    return entries.map((entry) => this.newest(entry));
  }

  /** Tries to write what waits; for the caller's timer. True when nothing is left. */
  retry(): boolean {
    this.flush(true);
    return this.backlog.isEmpty && !this.underWay;
  }

  /** Writes all that waits; resolves to true when nothing is left, to false when the database does not let it. */
  async drain(): Promise<boolean> {
    this.retry();
    // An answer may leave more to write, or begin it.
    while (this.underWay) await this.#waits.untilNext();
    return this.backlog.isEmpty;
  }

  /** Resolves once every row recorded so far is on disk, or was refused by it: what follows from the rows may then happen. */
  settled(): Promise<void> {
    return this.#waits.until(this.newestRow.id);
  }

  /** Between portions of many rows: others get their turn, and their rows wait for two portions to be written, not for all. */
  async takeTurns(): Promise<void> {
    await setImmediate();
    await this.#waits.until(this.newestRow.id - PORTION_ROWS);
  }

  /** The entry as its row is now: another database may have given it another number. */
  newest(entry: AuditEntry): AuditEntry {
    return this.#renumbered.get(entry) ?? entry;
  }

  /** True of an entry whose row was written. */
  isOnDisk({ id }: Pick<AuditEntry, 'id'>): boolean {
    return id <= this.written.id;
  }

  get status(): TrailStatus {
    return { backlog: this.backlog.rows.length, lost: this.backlog.lost, trouble: this.gate.trouble };
  }

  /** Resolves to true once every row recorded so far is on disk: a power cut undoes nothing. To false when the disk refuses one. */
  async isDurable(): Promise<boolean> {
    const { id } = this.newestRow;
    await this.settled();
    // Another database may have given fewer numbers.
    return this.written.id >= Math.min(id, this.newestRow.id);
  }

  /** The newest row, on disk or not. */
  get head(): ChainEnd {
    return this.newestRow;
  }

  protected accept(
    draft: AuditDraft,
    isBounded: boolean,
    configVersion = this.configVersion,
    isRecalled = false,
  ): AuditEntry {
    const { id, hash } = this.newestRow;
    const { cells, entry } = writeRow(draft, id + 1, configVersion, hash);
    if (isBounded && !this.backlog.hasRoom(draft.actor.startsWith('operator:'))) {
      this.backlog.countLost(entry.timeMs);
      return { ...entry, id: 0, hash: '' };
    }
    this.backlog.rows.push({ cells, entry, changes: this.#takeIn(entry, isRecalled).map(storedOf) });
    this.newestRow = entry;
    return entry;
  }

  /** What a row changes on disk. What is recalled while zban runs is in the picture of bans as it is. */
  #takeIn(entry: AuditEntry, isRecalled: boolean): readonly Change[] {
    if (!this.#restoration) return this.apply(entry, isRecalled);
    if (!isRecalled) this.apply(entry, false);
    return this.#restoration.stored.apply(entry);
  }

  /** Hands what waits to the writer, unless something is under way: the answer goes on with the rest. */
  protected flush(force: boolean): void {
    const backlog = this.backlog;
    if (this.underWay) return;
    if (backlog.isEmpty) {
      // The trail itself says that rows are missing from it.
      const loss = backlog.takeLoss();
      if (loss) this.accept(loss, false);
    }
    if (backlog.isEmpty || !this.gate.mayTry(force)) {
      this.#stopWaiting();
      return;
    }
    // Positions and states go with the last row, but with its first rows a gap is no longer found: that it is one stands in a state.
    const isGap = (backlog.rows[0]?.entry.id ?? 0) > this.written.id + 1;
    const isLast = isGap || backlog.rows.length <= BATCH_ROWS;
    const rows = isLast ? backlog.rows : backlog.rows.slice(0, BATCH_ROWS);
    const extra = isLast ? backlog.takeExtra() : {};
    this.underWay = { rows: rows.length, extra };
    const changes = JSON.stringify(rows.flatMap((row) => row.changes));
    const prunes = rows.some(({ entry }) => entry.action === 'prune');
    const batch = { rows: joinRows(rows), changes, prunes, after: this.written, extra };
    this.writer('write', batch, (outcome) => this.#settle(outcome));
  }

  #settle(outcome: Outcome<BatchResult>): void {
    const { rows = 0, extra = {} } = this.underWay ?? {};
    this.underWay = undefined;
    if (!outcome.ok) {
      this.backlog.putBackExtra(extra);
      this.gate.noteFailure('trail', outcome.error);
      this.#stopWaiting();
      return;
    }
    this.gate.noteSuccess('trail');
    const { kind, end } = outcome.value;
    if (kind === 'other') {
      this.backlog.putBackExtra(extra);
      this.#follow(end);
    } else {
      this.backlog.rows.splice(0, rows);
      this.written = end;
      this.unwritten.settle(end.id);
      this.#waits.note(end.id);
      this.backlog.noteSaved();
      this.#restoreMore();
    }
    this.flush(true);
  }

  /** Everything is written, or the disk refuses: what follows from the rows does not wait for them. */
  #stopWaiting(): void {
    this.unwritten.clear();
    this.#waits.note(this.newestRow.id);
    this.backlog.stopWaiting();
  }

  /** The database that was read at the start may not be all there is: rows that wait follow what another one has. */
  #follow(head: ChainEnd): void {
    const known = this.written;
    const waiting = this.backlog.rows.map(({ entry }) => entry);
    this.backlog.rows = [];
    this.#options.reopen?.();
    const stored = loadStored(this.#database);
    this.written = this.newestRow = head;
    this.#restoration = undefined;
    if (head.id < known.id) {
      const loss = { fromId: head.id + 1, toId: known.id, what: 'the database was lost while zban ran' };
      this.#restoration = { stored, missing: portionsOf(restorationDrafts(stored, this.projection, this.#now())) };
      this.#recall([], known, loss.what);
      this.backlog.addExtra(unfinished(loss));
    } else this.projection = stored;
    for (const entry of waiting) {
      const again = this.#requeue(entry);
      this.#renumbered.set(entry, again);
    }
    const { id } = this.newestRow;
    this.unwritten.renumber(id);
    this.#waits.renumber(head.id, id);
  }

  /** One portion after the other has been written: what comes meanwhile waits for one at most. */
  #restoreMore(): void {
    const restoration = this.#restoration;
    if (!restoration || this.backlog.rows.length >= PORTION_ROWS) return;
    const { done, value: drafts } = restoration.missing.next();
    if (!done) this.#recall(drafts, this.newestRow, '');
    else {
      // The same bans with the rows that they have now.
      this.projection = restoration.stored;
      this.#restoration = undefined;
      this.backlog.addExtra(unfinished());
    }
  }

  /**
   * Records again what was in force before and is lost with its rows: nothing waits for that. Rows up to `end` are missing, as
   * somebody outside of the database knows: the next row follows that one, and the trail says so.
   */
  recall(drafts: Iterable<AuditDraft>, end: ChainEnd = this.newestRow, what = '', extra: Extra = {}): AuditEntry[] {
    const entries = this.#recall(drafts, end, what);
    this.backlog.addExtra(extra);
    this.retry();
    return entries;
  }

  /** What `picture` has more than the rows of this trail, or otherwise. It may be recorded while it comes. */
  findMissing(picture: Projection): Generator<readonly AuditDraft[]> {
    return restorationDrafts(this.projection, picture, this.#now());
  }

  #recall(drafts: Iterable<AuditDraft>, end: ChainEnd, what: string): AuditEntry[] {
    const loss = end.id > this.newestRow.id ? [lossDraft(this.newestRow.id + 1, end.id, what, this.#now())] : [];
    if (end.id > this.newestRow.id) this.newestRow = end;
    return [...loss, ...drafts].map((draft) => this.accept(draft, false, this.configVersion, true));
  }

  /** An entry of an earlier chain as the next row of this one. */
  #requeue(entry: AuditEntry): AuditEntry {
    return this.accept(entry, false, entry.configVersion, true);
  }
}
