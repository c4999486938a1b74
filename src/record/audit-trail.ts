/**
 * The audit trail: every decision as a row bound to the row before, and what follows from the rows. While the database
 * cannot be written, rows wait in memory in their order and the picture of bans stays right.
 */
import type { ActiveBan, AuditDraft, AuditEntry } from '../model/audit.ts';
import type { Position } from '../model/chunk.ts';
import { isDue } from '../model/reconcile.ts';
import { Backlog, type TrailStatus, type Unwritten } from './backlog.ts';
import { BansInForce } from './bans-in-force.ts';
import { type Call, callDirectly, type Outcome } from './call.ts';
import { preparedFor, type RecordDatabase } from './database.ts';
import { RecordError, toRecordError } from './error.ts';
import type { PruneOptions } from './find-cut.ts';
import { lossDraft, restorationDrafts } from './lost-rows.ts';
import type { Ban, Change, Projection } from './projection.ts';
import { loadProjection } from './projection-table.ts';
import { cutRows, type Pruned, pruneDraft } from './prune.ts';
import { writeRow } from './row.ts';
import { type Query, TrailReader } from './trail-reader.ts';
import { type ChainEnd, type Extra, prepareTrail, type TrailStatements } from './trail-statements.ts';
import { type BatchResult, TrailWriter } from './trail-writer.ts';
import { UnwrittenBans } from './unwritten-bans.ts';
import type { WriteGate } from './write-gate.ts';

/** Rows of one transaction. */
const BATCH_ROWS = 10_000;

export interface AuditTrailOptions {
  /** For reading. */
  readonly database: RecordDatabase;
  /** What writes to the database. Default: this thread does, through `database`. */
  readonly writer?: Call<TrailWriter>;
  /** Makes `database` another connection: the file is another one, or can be read only now. */
  readonly reopen?: () => void;
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

/** What was handed to the writer and not answered yet. */
interface UnderWay {
  readonly rows: number;
  readonly extra: Extra;
}

interface Waiter {
  /** The newest row waited for. */
  id: number;
  readonly resolve: () => void;
}

export class AuditTrail extends BansInForce {
  readonly #options: AuditTrailOptions;
  readonly #database: RecordDatabase;
  readonly #writer: Call<TrailWriter>;
  readonly #gate: WriteGate;
  readonly #now: () => number;
  readonly #backlog: Backlog;
  readonly #reader: TrailReader;
  readonly #statements: () => TrailStatements;
  #configVersion: string;
  /** The newest row on disk, and the newest at all. Rows that wait follow the first, unless rows between are lost. */
  #written: ChainEnd;
  #head: ChainEnd;
  #underWay: UnderWay | undefined;
  /** The newest row that was written, or refused: nothing waits for it any more. */
  #triedId: number;
  #waiters: Waiter[] = [];
  readonly #unwrittenBans = new UnwrittenBans();
  /** Entries that another database made rows of other numbers. */
  readonly #renumbered = new WeakMap<AuditEntry, AuditEntry>();

  /** Loads the projection. Throws RecordError when the database cannot be read. */
  constructor(options: AuditTrailOptions) {
    const { database } = options;
    try {
      super(options.projection ?? loadProjection(database.sql, 'now'));
      this.#statements = preparedFor(database, prepareTrail);
      this.#written = this.#statements().readHead();
    } catch (error) {
      throw toRecordError(error, database.path);
    }
    this.#options = options;
    this.#database = database;
    this.#writer = options.writer ?? callDirectly(new TrailWriter(database, cutRows));
    this.#gate = options.gate;
    this.#now = options.now ?? Date.now;
    this.#backlog = new Backlog(options.backlogMax ?? 100_000);
    this.#configVersion = options.configVersion;
    this.#reader = new TrailReader(database);
    this.#head = this.#written;
    this.#triedId = this.#head.id;
    if (options.unwritten) {
      for (const entry of options.unwritten.entries) this.#requeue(entry);
      this.#backlog.resume(options.unwritten);
      this.#stopWaiting();
    }
  }

  /** For the rows to come, after a reload. */
  setConfigVersion(configVersion: string): void {
    this.#configVersion = configVersion;
  }

  /**
   * Records drafts with the positions and states that belong to them, in one transaction up to 10,000 of them. Never throws for
   * a database in trouble: the rows wait in memory (see `status`). Entries come back in the order of the drafts, on their way to
   * the disk (see `settled`). One that the full backlog had no room for has id 0 and an empty hash, and nothing follows
   * from it: without a record no ban.
   */
  append(drafts: readonly AuditDraft[], extra: Extra = {}): AuditEntry[] {
    const isBounded = this.#gate.trouble !== undefined || !this.#backlog.hasRoom(false);
    const entries = drafts.map((draft) => this.#accept(draft, isBounded && this.#backlog.rows.length > 0));
    this.#backlog.addExtra(extra);
    this.#flush(false);
    return entries.map((entry) => this.newest(entry));
  }

  /** Tries to write what waits; for the caller's timer. True when nothing is left. */
  retry(): boolean {
    this.#flush(true);
    return this.#backlog.isEmpty && !this.#underWay;
  }

  /** Writes all that waits; resolves to true when nothing is left, to false when the database does not let it. */
  async drain(): Promise<boolean> {
    this.retry();
    // An answer may leave more to write, or begin it.
    while (this.#underWay) await new Promise<void>((resolve) => this.#waiters.push({ id: 0, resolve }));
    return this.#backlog.isEmpty;
  }

  /** Resolves once every row recorded so far is on disk, or was refused by it: what follows from the rows may then happen. */
  settled(): Promise<void> {
    const { id } = this.#head;
    if (this.#triedId >= id) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ id, resolve }));
  }

  /** The entry as its row is now: another database may have given it another number. */
  newest(entry: AuditEntry): AuditEntry {
    return this.#renumbered.get(entry) ?? entry;
  }

  get status(): TrailStatus {
    return { backlog: this.#backlog.rows.length, lost: this.#backlog.lost, trouble: this.#gate.trouble };
  }

  /** Resolves to true once every row recorded so far is on disk: a power cut undoes nothing. To false when the disk refuses one. */
  async isDurable(): Promise<boolean> {
    const { id } = this.#head;
    await this.settled();
    // Another database may have given fewer numbers.
    return this.#written.id >= Math.min(id, this.#head.id);
  }

  /** The newest row, on disk or not. */
  get head(): ChainEnd {
    return this.#head;
  }

  get projectionCopy(): Projection {
    return this.projection.copy();
  }

  /** True while a row about a client's ban is under way. */
  isUnderWay(client: string): boolean {
    return this.#unwrittenBans.has(client);
  }

  /** As the rows on disk have it, or those that the disk refused: what the firewall should hold. */
  override *enforcedEnds(nowMs: number): ReturnType<BansInForce['enforcedEnds']> {
    const underWay = this.#unwrittenBans;
    for (const ban of super.enforcedEnds(nowMs)) if (!underWay.has(ban.target)) yield ban;
    for (const { client: target, untilMs, enforced } of underWay.befores())
      if (enforced && isDue(untilMs, nowMs)) yield { target, untilMs };
  }

  /** The end of the one that the firewall should hold for exactly this client; null is permanent, undefined for none. */
  findEnforcedEnd(client: string, nowMs: number): number | null | undefined {
    const underWay = this.#unwrittenBans;
    const ban = underWay.has(client) ? underWay.before(client) : this.projection.bans.get(client);
    return ban?.enforced && isDue(ban.untilMs, nowMs) ? ban.untilMs : undefined;
  }

  /** What is not on disk, for a trail that takes this one's place. Nothing may be under way. */
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
    return (
      this.#backlog.findState(key) ??
      this.#underWay?.extra.state?.[key] ??
      this.#read(() => this.#statements().readState(key))
    );
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
   * ended before `offencesBeforeMs`; the `prune` row says so, and writing it does so. Call again while `more`. Rejects with
   * RecordError when the database is in trouble or rows wait.
   */
  prune(options: PruneOptions): Promise<Pruned> {
    const { promise, resolve, reject } = Promise.withResolvers<Pruned>();
    this.retry();
    const { trouble } = this.#gate;
    if (trouble) reject(trouble);
    else {
      this.#writer('findCut', options, (found) => {
        if (!found.ok) return reject(this.#gate.noteFailure(found.error));
        const cut = found.value;
        const draft = pruneDraft(cut, options);
        const { entry } = writeRow(draft, this.#head.id + 1, this.#configVersion, this.#head.hash);
        // The row's own total is always among them.
        const forgotten = this.projection.changesOf(entry).length - 1;
        const pruned = { rows: cut.rows, forgotten, more: cut.more };
        if (cut.rows === 0 && forgotten === 0) return resolve(pruned);
        this.#accept(draft, false);
        this.#flush(true);
        void this.settled().then(() => (this.#gate.trouble ? reject(this.#gate.trouble) : resolve(pruned)));
      });
    }
    return promise;
  }

  #accept(draft: AuditDraft, isBounded: boolean, configVersion = this.#configVersion, isRecalled = false): AuditEntry {
    const { id, hash } = this.#head;
    const { row, entry } = writeRow(draft, id + 1, configVersion, hash);
    if (isBounded && !this.#backlog.hasRoom(draft.actor.startsWith('operator:'))) {
      this.#backlog.countLost(entry.timeMs);
      return { ...entry, id: 0, hash: '' };
    }
    this.#backlog.rows.push({ row, entry, changes: this.#apply(entry, isRecalled) });
    this.#head = entry;
    return entry;
  }

  /** What is recalled was in force before its row. */
  #apply(entry: AuditEntry, isRecalled: boolean): readonly Change[] {
    const changes = this.projection.changesOf(entry);
    for (const change of changes) {
      if (change.kind === 'ban' && !isRecalled)
        this.#unwrittenBans.note(change.key, entry.id, this.projection.bans.get(change.key));
      this.projection.set(change);
    }
    this.noteEnds(changes);
    return changes;
  }

  /** Hands what waits to the writer, unless something is under way: the answer goes on with the rest. */
  #flush(force: boolean): void {
    const backlog = this.#backlog;
    if (this.#underWay) return;
    if (backlog.isEmpty) {
      // The trail itself says that rows are missing from it.
      const loss = backlog.takeLoss();
      if (loss) this.#accept(loss, false);
    }
    if (backlog.isEmpty || !this.#gate.mayTry(force)) {
      this.#stopWaiting();
      return;
    }
    // What is restored after a loss is written at once: with its first rows the gap is no longer found.
    const isGap = (backlog.rows[0]?.entry.id ?? 0) > this.#written.id + 1;
    const isLast = isGap || backlog.rows.length <= BATCH_ROWS;
    const rows = isLast ? backlog.rows : backlog.rows.slice(0, BATCH_ROWS);
    const extra = isLast ? backlog.takeExtra() : {};
    this.#underWay = { rows: rows.length, extra };
    const changes = rows.flatMap((row) => row.changes);
    const batch = { rows: rows.map(({ row }) => row), changes, after: this.#written, extra };
    this.#writer('write', batch, (outcome) => this.#settle(outcome));
  }

  #settle(outcome: Outcome<BatchResult>): void {
    const { rows = 0, extra = {} } = this.#underWay ?? {};
    this.#underWay = undefined;
    if (!outcome.ok) {
      this.#backlog.putBackExtra(extra);
      this.#gate.noteFailure(outcome.error);
      this.#stopWaiting();
      return;
    }
    this.#gate.noteSuccess();
    const { kind, end } = outcome.value;
    if (kind === 'other') {
      this.#backlog.putBackExtra(extra);
      this.#follow(end);
    } else {
      this.#backlog.rows.splice(0, rows);
      this.#written = end;
      this.#triedId = Math.max(this.#triedId, end.id);
      this.#unwrittenBans.settle(end.id);
      this.#wake();
    }
    this.#flush(true);
  }

  /** Everything is written, or the disk refuses: what follows from the rows does not wait for them. */
  #stopWaiting(): void {
    this.#triedId = this.#head.id;
    this.#unwrittenBans.clear();
    this.#wake();
  }

  #wake(): void {
    const woken = this.#waiters.filter(({ id }) => id <= this.#triedId);
    if (woken.length === 0) return;
    this.#waiters = this.#waiters.filter(({ id }) => id > this.#triedId);
    for (const { resolve } of woken) resolve();
  }

  /** The database that was read at the start may not be all there is: rows that wait follow what another one has. */
  #follow(head: ChainEnd): void {
    const known = this.#written;
    const waiting = this.#backlog.rows.map(({ entry }) => entry);
    const picture = this.projection;
    this.#backlog.rows = [];
    this.#options.reopen?.();
    this.replace(loadProjection(this.#database.sql, 'now'));
    this.#written = this.#head = head;
    if (head.id < known.id) this.#queueLost(known, picture, 'the database was lost while zban ran');
    for (const entry of waiting) {
      const again = this.#requeue(entry);
      this.#renumbered.set(entry, again);
    }
    const { id } = this.#head;
    this.#unwrittenBans.renumber(id);
    for (const waiter of this.#waiters) waiter.id = Math.min(waiter.id, id);
  }

  /**
   * Rows up to `end` are lost, as somebody outside of the database knows: the next row follows that one, the trail says
   * what is missing, and what `picture` has more than the database is recorded again.
   */
  restore(end: ChainEnd, picture: Projection, what: string): AuditEntry[] {
    const entries = this.#queueLost(end, picture, what);
    this.retry();
    return entries;
  }

  #queueLost(end: ChainEnd, picture: Projection, what: string): AuditEntry[] {
    const nowMs = this.#now();
    const drafts = restorationDrafts(this.projection, picture, nowMs);
    const loss = end.id > this.#head.id ? [lossDraft(this.#head.id + 1, end.id, what, nowMs)] : [];
    if (end.id > this.#head.id) this.#head = end;
    return [...loss, ...drafts].map((draft) => this.#accept(draft, false, this.#configVersion, true));
  }

  /** An entry of an earlier chain as the next row of this one. */
  #requeue(entry: AuditEntry): AuditEntry {
    return this.#accept(entry, false, entry.configVersion, true);
  }

  /** Null also when the database cannot be read: numbers explain a ban, nothing depends on them. */
  protected findNumbers({ auditId, client }: Ban): ActiveBan['numbers'] {
    const { rows } = this.#backlog;
    const first = rows[0]?.entry.id;
    const waiting = first === undefined ? undefined : rows[auditId - first];
    if (waiting) return waiting.entry.action === 'ban' ? waiting.entry.numbers : null;
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
