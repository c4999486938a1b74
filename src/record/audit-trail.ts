/**
 * The audit trail: every decision as a row bound to the row before, and what follows from the rows. While the database
 * cannot be written, rows wait in memory in their order and the picture of bans stays right.
 */
import type { ActiveBan, AuditDraft, AuditEntry } from '../model/audit.ts';
import type { Position } from '../model/chunk.ts';
import { Backlog, type TrailStatus, type Unwritten } from './backlog.ts';
import { BansInForce } from './bans-in-force.ts';
import { preparedFor, type RecordDatabase } from './database.ts';
import { RecordError, recordError, toRecordError } from './error.ts';
import { lossDraft, restorationDrafts } from './lost-rows.ts';
import type { Ban, Change, Projection } from './projection.ts';
import { loadProjection } from './projection-table.ts';
import { type Pruned, type PruneOptions, pruneRows } from './prune.ts';
import { writeRow } from './row.ts';
import { type Query, TrailReader } from './trail-reader.ts';
import { type ChainEnd, type Extra, type Pending, prepareTrail, type TrailStatements } from './trail-statements.ts';
import type { WriteGate } from './write-gate.ts';

/** Rows of a standing backlog written at once, so that catching up does not stall the daemon either. */
const CATCH_UP_ROWS = 10_000;

export interface AuditTrailOptions {
  readonly database: RecordDatabase;
  /** Shared by everything that writes to this database. */
  readonly gate: WriteGate;
  /** First 12 hex digits of the SHA-256 of the configuration in force. */
  readonly configVersion: string;
  /** Rows that may wait in memory; what comes on top is lost and counted. Default 100,000. */
  readonly backlogMax?: number;
  /** What follows from the rows, loaded beforehand (loadInTurns). Default: loaded now. */
  readonly projection?: Projection;
  /** Epoch milliseconds, for rows about the trail itself. Default Date.now. */
  readonly now?: () => number;
  /** What an earlier trail of this database could not write. */
  readonly unwritten?: Unwritten | undefined;
}

export class AuditTrail extends BansInForce {
  readonly #database: RecordDatabase;
  readonly #gate: WriteGate;
  readonly #now: () => number;
  readonly #backlog: Backlog;
  readonly #reader: TrailReader;
  readonly #statements: () => TrailStatements;
  #configVersion: string;
  /** The newest row on disk, and the newest at all. Rows that wait follow the first, unless rows between are lost. */
  #written: ChainEnd;
  #head: ChainEnd;
  /** Entries that another database made rows of other numbers. */
  #renumbered = new Map<AuditEntry, AuditEntry>();
  /** Of the connection whose head is known. */
  #followed: TrailStatements;

  /** Loads the projection. Throws RecordError when the database cannot be read. */
  constructor(options: AuditTrailOptions) {
    const { database } = options;
    try {
      super(options.projection ?? loadProjection(database.sql, 'now'));
      this.#statements = preparedFor(database, prepareTrail);
      this.#followed = this.#statements();
      this.#written = this.#followed.readHead();
    } catch (error) {
      throw toRecordError(error, database.path);
    }
    this.#database = database;
    this.#gate = options.gate;
    this.#now = options.now ?? Date.now;
    this.#backlog = new Backlog(options.backlogMax ?? 100_000);
    this.#configVersion = options.configVersion;
    this.#reader = new TrailReader(database);
    this.#head = this.#written;
    if (options.unwritten) {
      for (const entry of options.unwritten.entries) this.#requeue(entry);
      this.#backlog.resume(options.unwritten);
    }
  }

  /** For the rows to come, after a reload. */
  setConfigVersion(configVersion: string): void {
    this.#configVersion = configVersion;
  }

  /**
   * Records drafts with the positions and states that belong to them, in one transaction. Never throws for a database in
   * trouble: the rows wait in memory (see `status`). Entries come back in the order of the drafts. One that the full
   * backlog had no room for has id 0 and an empty hash, and nothing follows from it: without a record no ban.
   */
  append(drafts: readonly AuditDraft[], extra: Extra = {}): AuditEntry[] {
    const standing = this.#backlog.rows.length > 0;
    const entries = drafts.map((draft) => this.#accept(draft, standing));
    this.#backlog.addExtra(extra);
    this.#flush(standing ? CATCH_UP_ROWS : Number.POSITIVE_INFINITY, false);
    const renumbered = this.#renumbered;
    this.#renumbered = new Map();
    return entries.map((entry) => renumbered.get(entry) ?? entry);
  }

  /** Tries to write what waits, at most 10,000 rows of it; for the caller's timer. True when nothing is left. */
  retry(): boolean {
    this.#flush(CATCH_UP_ROWS, true);
    return this.#backlog.isEmpty;
  }

  /** Writes all that waits, if the database lets it; true when nothing is left. For the daemon's stop. */
  drain(): boolean {
    this.#flush(Number.POSITIVE_INFINITY, true);
    return this.#backlog.isEmpty;
  }

  get status(): TrailStatus {
    return { backlog: this.#backlog.rows.length, lost: this.#backlog.lost, trouble: this.#gate.trouble };
  }

  /** True when every row is on disk: a power cut undoes nothing. */
  get isDurable(): boolean {
    return this.#backlog.rows.length === 0;
  }

  /** The newest row, on disk or not. */
  get head(): ChainEnd {
    return this.#head;
  }

  get projectionCopy(): Projection {
    return this.projection.copy();
  }

  /** True when a copy of the database has every row that was written. Throws RecordError when it cannot be read. */
  isHeldBy(copy: RecordDatabase): boolean {
    const { id, hash } = prepareTrail(copy.sql).readHead();
    return id === this.#written.id && hash === this.#written.hash;
  }

  /** What is not on disk, for a trail that takes this one's place. */
  takeUnwritten(): Unwritten | undefined {
    return this.#backlog.take();
  }

  /** Rows on disk; throws RecordError. What waits in memory is not among them. */
  query(query: Query): AuditEntry[] {
    return this.#reader.query(query);
  }

  /** Bans that people lifted, among the newest `rows` rows and since `sinceMs`, oldest first; throws RecordError. */
  recentUnbans(rows: number, sinceMs: number): AuditEntry[] {
    const afterId = Math.max(0, this.#written.id - rows);
    const unbans = this.#reader.query({ action: 'unban', afterId, sinceMs, limit: rows });
    return unbans.filter(({ actor }) => actor.startsWith('operator:'));
  }

  /** Where each log was read up to, as saved; throws RecordError. */
  positions(): Position[] {
    return this.#read(() => this.#statements().readPositions());
  }

  savePositions(positions: readonly Position[]): void {
    this.append([], { positions });
  }

  /** A part's saved state; throws RecordError. */
  loadState(key: string): Uint8Array | undefined {
    return this.#read(() => this.#backlog.findState(key) ?? this.#statements().readState(key));
  }

  saveState(key: string, bytes: Uint8Array): void {
    this.append([], { state: { [key]: bytes } });
  }

  /** Rows on disk; throws RecordError. */
  countRows(): number {
    return this.#read(() => this.#statements().countRows());
  }

  /**
   * Deletes rows that are too old or too many from the start of the trail, at most 10,000 a call, and forgets offences that
   * ended before `offencesBeforeMs`; the `prune` row says so. Call again while `more`. Throws RecordError when the
   * database is in trouble or rows wait.
   */
  prune(options: PruneOptions): Pruned {
    if (!this.drain())
      throw this.#gate.trouble ?? recordError('locked', this.#database.path, 'rows wait to be written');
    return this.#read(() => {
      const next = { head: this.#head, configVersion: this.#configVersion, projection: this.projection };
      const write = (row: Pending) => this.#statements().write([row], this.#written, {});
      const step = this.#database.sql.transaction(() => pruneRows(this.#database.sql, options, next, write));
      const { pruned, row } = this.#database.write(step.immediate);
      if (row === undefined) return pruned;
      // In memory only once it is on disk.
      for (const change of row.changes) this.projection.set(change);
      this.#written = this.#head = row.entry;
      return pruned;
    });
  }

  #accept(draft: AuditDraft, standing: boolean, configVersion = this.#configVersion): AuditEntry {
    const { id, hash } = this.#head;
    const written = writeRow(draft, id + 1, configVersion, hash);
    if (standing && !this.#backlog.hasRoom(draft.actor.startsWith('operator:'))) {
      this.#backlog.countLost(written.entry.timeMs);
      return { ...written.entry, id: 0, hash: '' };
    }
    this.#backlog.rows.push({ ...written, changes: this.#apply(written.entry) });
    this.#head = written.entry;
    return written.entry;
  }

  #apply(entry: AuditEntry): readonly Change[] {
    const changes = this.projection.apply(entry);
    this.noteEnds(changes);
    return changes;
  }

  #flush(rowsMax: number, force: boolean): void {
    while (!this.#backlog.isEmpty) {
      if (!this.#gate.attempt(() => this.#database.write(() => this.#write(rowsMax)), force)) return;
      if (this.#backlog.rows.length > 0) return;
      this.#backlog.clearExtra();
      // The trail itself says that rows are missing from it.
      const loss = this.#backlog.takeLoss();
      if (loss) this.#accept(loss, false);
    }
  }

  #write(rowsMax: number): void {
    this.#followDatabase();
    const backlog = this.#backlog;
    // What is restored after a loss is written at once: with its first rows the gap is no longer found.
    const isGap = (backlog.rows[0]?.entry.id ?? 0) > this.#written.id + 1;
    const last = isGap || backlog.rows.length <= rowsMax;
    const rows = last ? backlog.rows : backlog.rows.slice(0, rowsMax);
    const write = this.#database.sql.transaction(() =>
      this.#statements().write(rows, this.#written, last ? backlog.extra : {}),
    );
    this.#written = write.immediate();
    backlog.rows = last ? [] : backlog.rows.slice(rowsMax);
  }

  /** The database that was read at the start may not be all there is: rows that wait follow what it has. */
  #followDatabase(): void {
    const statements = this.#statements();
    if (this.#followed === statements) return;
    const [known, head] = [this.#written, statements.readHead()];
    if (head.id !== known.id || head.hash !== known.hash) {
      const waiting = this.#backlog.rows.map(({ entry }) => entry);
      const picture = this.projection;
      this.#backlog.rows = [];
      this.replace(loadProjection(this.#database.sql, 'now'));
      this.#written = this.#head = head;
      if (head.id < known.id) this.#queueLost(known, picture, 'the database was lost while zban ran');
      for (const entry of waiting) this.#renumbered.set(entry, this.#requeue(entry));
    }
    this.#followed = statements;
  }

  /**
   * Rows up to `end` are lost, as somebody outside of the database knows: the next row follows that one, the trail says
   * what is missing, and what `picture` has more than the database is recorded again.
   */
  restore(end: ChainEnd, picture: Projection, what: string): AuditEntry[] {
    const entries = this.#queueLost(end, picture, what);
    this.drain();
    return entries;
  }

  #queueLost(end: ChainEnd, picture: Projection, what: string): AuditEntry[] {
    const nowMs = this.#now();
    const drafts = restorationDrafts(this.projection, picture, nowMs);
    const loss = end.id > this.#head.id ? [lossDraft(this.#head.id + 1, end.id, what, nowMs)] : [];
    if (end.id > this.#head.id) this.#head = end;
    return [...loss, ...drafts].map((draft) => this.#accept(draft, false));
  }

  /** An entry of an earlier chain as the next row of this one. */
  #requeue(entry: AuditEntry): AuditEntry {
    return this.#accept(entry, false, entry.configVersion);
  }

  /** Null also when the database cannot be read: numbers explain a ban, nothing depends on them. */
  protected findNumbers({ auditId, client }: Ban): ActiveBan['numbers'] {
    const { rows } = this.#backlog;
    const first = rows[0]?.entry.id;
    const waiting = first === undefined ? undefined : rows[auditId - first];
    if (waiting?.entry.action === 'ban') return waiting.entry.numbers;
    try {
      return this.#reader.findNumbers(auditId, client);
    } catch (error) {
      if (error instanceof RecordError) return null;
      throw error;
    }
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw toRecordError(error, this.#database.path);
    }
  }
}
