/** The database of one instance and what is kept in it: trail, positions, baseline, outbox; and the text audit log beside it. */
import type { Config } from '../config/schema.ts';
import type { OffenderColumns } from '../decide/offender-table.ts';
import type { ActiveBan, AuditEntry } from '../model/audit.ts';
import type { Position } from '../model/chunk.ts';
import type { EngineEvent } from '../model/event.ts';
import type { KernelBan } from '../model/reconcile.ts';
import type { Status } from '../model/status.ts';
import { formatBaselineLine } from '../record/audit-line.ts';
import { AuditTrail } from '../record/audit-trail.ts';
import type { Unwritten } from '../record/backlog.ts';
import { RecordError } from '../record/error.ts';
import { type KeptDatabase, openKept } from '../record/kept-database.ts';
import { foundDrafts } from '../record/lost-rows.ts';
import { formatEntryLine } from '../record/numbered-line.ts';
import { DatabaseOutbox, type UnsavedMessages } from '../record/outbox-store.ts';
import type { Projection } from '../record/projection.ts';
import { loadInTurns } from '../record/projection-table.ts';
import { Reserve } from '../record/reserve.ts';
import { TextLog } from '../record/text-log.ts';
import { WriteGate } from '../record/write-gate.ts';
import { guardDatabase } from './database-guard.ts';
import { LearnedState, type Learner } from './learned-state.ts';
import type { Log } from './log.ts';
import { reconcileLog } from './log-reconcile.ts';
import { findOffenders } from './offenders.ts';
import type { Troubles } from './troubles.ts';

/** How long the data plane may wait for another program's lock. */
const BUSY_TIMEOUT_MS = 100;
const PRUNE_MS = 3_600_000;
const PRUNE_PAUSE_MS = 1000;
/** Between two looks whether what was learned is to be saved. */
const LEARNED_LOOK_MS = 60_000;
/** Key of the trouble that rows are lost. */
const LOSS = 'lost rows';

export interface RecordsOptions {
  readonly config: Config;
  readonly configVersion: string;
  readonly now: () => number;
  readonly log: Log;
  /** Ends the loading of what the database holds. */
  readonly signal?: AbortSignal;
  /** Where one instance leaves for the next what no disk took. */
  readonly handover?: Handover;
}

/** What the records of one instance could not write; those of the next with the same database write it. */
export interface Handover {
  left?:
    | {
        readonly database: string;
        readonly rows: Unwritten | undefined;
        readonly messages: UnsavedMessages;
        readonly lines: readonly string[];
      }
    | undefined;
}

export class Records {
  readonly trail: AuditTrail;
  readonly outbox: DatabaseOutbox;
  readonly learned: LearnedState;
  /** Files for what must hold even if the database cannot be written. */
  readonly reserve: Reserve;
  private readonly options: RecordsOptions;
  /** Why bans may be in the firewall that nobody knows of: rows were lost. */
  loss: string | undefined;
  private readonly database: KeptDatabase;
  /** Where each log was read up to. */
  private readonly positions = new Map<string, Position>();
  private readonly gate: WriteGate;
  private readonly text: TextLog;
  private readonly read = new Map<string, Position>();
  private readonly timers: NodeJS.Timeout[] = [];
  private troubles: Troubles | undefined;

  /**
   * Rejects with RecordError when the database cannot be opened or read, with the signal's reason once it is aborted. A
   * disk that takes nothing is no reason: then what can be read of it is known, and what is recorded waits.
   */
  static async open(options: RecordsOptions): Promise<Records> {
    const database = openKept(options.config.state.database, { busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      return await Records.load(options, database).catch((error) => {
        if (!(error instanceof RecordError && error.code === 'corrupt')) throw error;
        // Damage that only reading all of it shows.
        database.replace();
        database.damage = error.message;
        return Records.load(options, database);
      });
    } catch (error) {
      database.close();
      throw error;
    }
  }

  private static async load(options: RecordsOptions, database: KeptDatabase): Promise<Records> {
    const records = new Records(options, database, await loadInTurns(database, options.signal));
    records.reconcileLog();
    return records;
  }

  private constructor(options: RecordsOptions, database: KeptDatabase, projection: Projection) {
    const { config, configVersion, now, handover } = options;
    const left = handover?.left?.database === database.path ? handover.left : undefined;
    this.options = options;
    this.database = database;
    this.gate = new WriteGate(database.path, now);
    this.trail = new AuditTrail({ database, gate: this.gate, configVersion, projection, unwritten: left?.rows });
    this.outbox = new DatabaseOutbox(database, this.gate, left?.messages);
    const { profile } = config;
    this.learned = new LearnedState({ trail: this.trail, profile, log: options.log, now: () => performance.now() });
    this.reserve = new Reserve([`${database.path}.panic`, `${config.control.socket}.panic`]);
    this.reserve.prepare();
    this.text = new TextLog({
      path: config.audit.log,
      bytesMax: config.audit.log_bytes_max,
      keep: config.audit.log_keep,
      onTrouble: (trouble) => {
        if (trouble) this.troubles?.begin('audit log', trouble.message);
        else this.troubles?.end('audit log');
      },
    });
    if (left) this.text.write(left.lines);
    if (handover) handover.left = undefined;
  }

  /** Begins to save positions and what was learned, to retry rows that wait, and to prune. */
  start(troubles: Troubles, learner: Learner): void {
    const { config } = this.options;
    this.troubles = troubles;
    if (this.loss) troubles.begin(LOSS, this.loss);
    this.every(config.state.checkpoint, () => this.checkpoint());
    this.every(LEARNED_LOOK_MS, () => void this.learned.saveDue(learner));
    this.every(PRUNE_MS, () => this.prune());
    this.prune();
  }

  /** Logs are followed from here: saved at once, so that after a crash before the first checkpoint no line is taken for the past. */
  beginAt(positions: readonly Position[]): void {
    for (const position of positions) this.positions.set(position.path, position);
    this.trail.savePositions(positions);
  }

  /** Lines up to these positions have been judged; their decisions, if any, were recorded. */
  noteRead(positions: readonly Position[]): void {
    for (const position of positions) {
      this.read.set(position.path, position);
      this.positions.set(position.path, position);
    }
  }

  /** Writes rows, and baselines as they were recalculated, into the text audit log. */
  tell(entries: readonly AuditEntry[], events: readonly EngineEvent[]): void {
    const isWritten = this.trail.isDurable;
    const rows = entries.map((entry) => formatEntryLine(entry, isWritten)).filter((line) => line !== undefined);
    const baselines = events.flatMap((event) => (event.event === 'baseline' ? [formatBaselineLine(event)] : []));
    if (rows.length + baselines.length > 0) this.text.write([...baselines, ...rows]);
  }

  /** Bans in force and past offences, real ones or would-be ones, as the engine wants them. */
  offenders(enforced: boolean): OffenderColumns {
    const { config, now } = this.options;
    return findOffenders(this.trail, enforced, config.detection, now());
  }

  counts(): Pick<Status, 'active_bans' | 'observed_bans' | 'discarded'> {
    const { enforced, observed } = this.trail.countActive(this.options.now());
    const lost = { audit_rows: this.trail.status.lost, audit_log_lines: this.text.status.lostLines };
    const discarded = Object.fromEntries(Object.entries(lost).filter(([, count]) => count > 0));
    return { active_bans: enforced, observed_bans: observed, discarded };
  }

  newestBans(limit: number): ActiveBan[] {
    return this.trail.newestBans(limit, this.options.now());
  }

  /** No more saving by the clock: `close` saves what is left. */
  pause(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /** Writes everything that waits and closes the files. */
  close(): void {
    this.pause();
    this.checkpoint();
    const { handover, log } = this.options;
    this.text.flush();
    if (!this.trail.drain()) {
      const { backlog, trouble } = this.trail.status;
      log('error', `${backlog} audit rows could not be written`, { cause: trouble?.message });
    }
    if (handover) handover.left = this.takeUnwritten();
    this.text.close();
    this.database.close();
  }

  private takeUnwritten(): Handover['left'] {
    const { database, trail, outbox, text } = this;
    const rows = trail.takeUnwritten();
    const messages = outbox.takeUnsaved();
    const lines = text.takeWaiting();
    return { database: database.path, rows, messages, lines };
  }

  /** The firewall has bans that may be lost with the rows: they stand until their time is up or a person lifts them. */
  adopt(held: readonly KernelBan[]): void {
    const { now } = this.options;
    const drafts = foundDrafts(held, this.trail, now());
    if (drafts.length > 0) this.tell(this.trail.append(drafts), []);
  }

  private reconcileLog(): void {
    const { config, now, log } = this.options;
    const { trail, database } = this;
    const tell = (entries: readonly AuditEntry[]) => this.tell(entries, []);
    try {
      this.loss = reconcileLog({ config, trail, damage: database.damage, now, tell });
    } catch (error) {
      log(
        'warn',
        `the audit log cannot be compared with the database: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  private guard(): void {
    const { database, trail, troubles } = this;
    const found = guardDatabase(database, trail, [...this.positions.values()]);
    if (!found) return;
    troubles?.begin(LOSS, found.what);
    if (found.isLost) this.loss = found.what;
    else if (found.isRestored) troubles?.end(LOSS);
  }

  private checkpoint(): void {
    this.guard();
    const positions = [...this.read.values()];
    this.read.clear();
    if (positions.length > 0) this.trail.savePositions(positions);
    else if (this.trail.status.trouble) this.trail.retry();
    const { trouble, backlog, lost } = this.trail.status;
    if (trouble)
      this.troubles?.begin('database', `${trouble.message}; ${backlog} rows wait in memory, ${lost} are lost`);
    else {
      this.troubles?.end('database');
      if (this.trail.countRows() > this.options.config.audit.entries_max) this.prune();
    }
    this.text.flush();
  }

  private prune(): void {
    const { config, now, log } = this.options;
    const beforeMs = now() - config.audit.retention;
    const offencesBeforeMs = now() - config.bans.decay * (config.bans.schedule.length + 1);
    try {
      const rowsMax = config.audit.entries_max;
      const { more } = this.trail.prune({ nowMs: now(), beforeMs, rowsMax, offencesBeforeMs });
      // A piece at a time: lines are read in between.
      if (more) this.timers.push(setTimeout(() => this.prune(), PRUNE_PAUSE_MS).unref());
    } catch (error) {
      log('warn', 'old audit rows could not be pruned; trying again later', { cause: String(error) });
    }
  }

  private every(ms: number, run: () => void): void {
    this.timers.push(setInterval(run, ms).unref());
  }
}
