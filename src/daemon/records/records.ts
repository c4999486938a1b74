/** The database of one instance and what is kept in it: trail, positions, baseline, outbox; and the text audit log beside it. */

import { formatCount } from '../../english/number.ts';
import type { AuditEntry } from '../../model/audit.ts';
import type { Position } from '../../model/chunk.ts';
import { messageOf } from '../../model/coded-error.ts';
import type { Log } from '../../model/log.ts';
import type { KernelBan } from '../../model/reconcile.ts';
import type { Status } from '../../model/status.ts';
import { foundDrafts } from '../../record/loss/lost-rows.ts';
import { Reserve } from '../../record/loss/reserve.ts';
import { recallInTurns } from '../../record/loss/restoration.ts';
import type { DatabaseOutbox } from '../../record/outbox/outbox-store.ts';
import type { DatabaseFinding } from '../../record/thread/record-service.ts';
import type { RecordThread } from '../../record/thread/record-thread.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import { everySecond } from '../every-second.ts';
import { LastLook } from '../last-look.ts';
import type { Troubles } from '../troubles.ts';
import { LearnedState, type Learner } from './learned-state.ts';
import { type LogFinding, reconcileLog } from './log-reconcile.ts';
import { Pruning } from './pruning.ts';
import { type Handover, RecordStore, type RecordStoreOptions } from './record-store.ts';
import { TrailLines } from './trail-lines.ts';

const PRUNE_MS = 3_600_000;
/** Between two looks whether what was learned is to be saved. */
const LEARNED_LOOK_MS = 60_000;
/** Key of the trouble that rows are lost. */
const LOSS = 'lost rows';

export interface RecordsOptions extends RecordStoreOptions {
  readonly log: Log;
  /** Told in words how far a start that restores much has come. */
  readonly onProgress?: (status: string) => void;
  /** Absent where no other instance follows. */
  readonly handover?: Handover;
}

export class Records {
  readonly trail: AuditTrail;
  /** The text audit log. */
  readonly lines: TrailLines;
  readonly outbox: DatabaseOutbox;
  readonly learned: LearnedState;
  /** Files for what must hold even if the database cannot be written. */
  readonly reserve: Reserve;
  private readonly options: RecordsOptions;
  /** Why bans may be in the firewall that nobody knows of: rows were found to be lost when the database was opened. */
  loss: string | undefined;
  readonly thread: RecordThread;
  private readonly store: RecordStore;
  /** Where each log was read up to since the last checkpoint. */
  private readonly read = new Map<string, Position>();
  private readonly ends: (() => void)[] = [];
  private troubles: Troubles | undefined;
  private readonly pruning: Pruning;
  /** The thread is looking after the files. */
  private isLooking = false;
  /** By the newest row. */
  private readonly looked = new LastLook();

  /**
   * Rejects with RecordError when the database cannot be opened or read, with the signal's reason once it is aborted. A
   * disk that takes nothing is no reason: then what can be read of it is known, and what is recorded waits.
   */
  static async open(options: RecordsOptions): Promise<Records> {
    const { store, isNewText, damage } = await RecordStore.open(options, options.handover);
    const records = new Records(options, store);
    try {
      if (isNewText) await records.reconcileLog(damage);
    } catch (error) {
      await store.close();
      throw error;
    }
    // Where the disk takes nothing yet, an open connection would keep it so.
    if (!(await records.trail.drain())) store.database.release();
    return records;
  }

  private constructor(options: RecordsOptions, store: RecordStore) {
    const { config } = options;
    const { trail, outbox, thread } = store;
    this.options = options;
    this.store = store;
    this.trail = trail;
    this.outbox = outbox;
    this.thread = thread;
    const { profile } = config;
    this.learned = new LearnedState({ trail, profile, log: options.log, now: () => performance.now() });
    this.reserve = new Reserve([`${config.state.database}.panic`, `${config.control.socket}.panic`]);
    this.reserve.prepare();
    this.pruning = new Pruning({ ...options, trail });
    this.lines = new TrailLines(thread, trail);
  }

  /** Begins to save positions and what was learned, to retry rows that wait, and to prune. */
  start(troubles: Troubles, learner: Learner): void {
    this.troubles = this.lines.troubles = troubles;
    if (this.missing) troubles.begin(LOSS, this.missing);
    // Lines since the last time are judged again after a crash.
    this.ends.push(everySecond(() => this.checkpoint()));
    this.every(LEARNED_LOOK_MS, () => void this.learned.saveDue(learner));
    this.every(PRUNE_MS, () => void this.pruning.run());
    void this.pruning.run();
  }

  /** Logs are followed from here: saved at once, so that after a crash before the first checkpoint no line is taken for the past. */
  async beginAt(positions: readonly Position[]): Promise<void> {
    this.trail.savePositions(positions);
    await this.trail.drain();
  }

  /** Lines up to these positions have been judged; their decisions, if any, were recorded. */
  noteRead(positions: readonly Position[]): void {
    for (const position of positions) this.read.set(position.path, position);
  }

  /** Resolves once what was recorded so far is on disk, or was refused by it, and its lines are on their way. */
  async settled(): Promise<void> {
    await this.trail.settled();
    await this.lines.settled();
  }

  counts(): Pick<Status, 'active_bans' | 'pending_bans' | 'observed_bans' | 'discarded'> {
    const { enforced, pending, observed } = this.trail.countActive(this.options.now());
    const lost = { audit_rows: this.trail.status.lost, audit_log_lines: this.lines.lost };
    const discarded = Object.fromEntries(Object.entries(lost).filter(([, count]) => count > 0));
    return { active_bans: enforced, pending_bans: pending, observed_bans: observed, discarded };
  }

  /** No more saving by the clock: `close` saves what is left. */
  pause(): void {
    for (const end of this.ends) end();
    this.pruning.stop();
  }

  /** Writes everything that waits; closes the files and ends the thread, unless the next instance gets them. */
  async close(): Promise<void> {
    this.pause();
    this.savePositions();
    const { handover, log } = this.options;
    const isWritten = await this.trail.drain();
    await this.lines.settled();
    if (!isWritten) {
      const { backlog, trouble } = this.trail.status;
      log('error', `${backlog} audit rows could not be written`, { cause: trouble?.message });
    }
    await this.outbox.drain();
    if (handover) handover.store = this.store;
    else await this.store.close();
  }

  /** The firewall has bans that may be lost with the rows: they stand until their time is up or a person lifts them. */
  adopt(held: Iterable<KernelBan>): Promise<void> {
    const { now, signal } = this.options;
    const { trail } = this;
    return recallInTurns(trail, foundDrafts(held, trail, now()), (entries) => this.noteRestored(entries), signal);
  }

  private noteRestored(entries: readonly AuditEntry[]): void {
    this.lines.tell(entries, []);
    const last = entries.at(-1);
    if (last) this.options.onProgress?.(`restoring what was in force, at entry #${last.id} of the audit trail`);
  }

  private async reconcileLog(damage: string | undefined): Promise<void> {
    const { config, now, log, signal } = this.options;
    const { trail } = this;
    const tell = (entries: readonly AuditEntry[]) => this.noteRestored(entries);
    let found: LogFinding = { lostRows: damage };
    try {
      found = await reconcileLog({ config, trail, damage, now, tell, signal });
    } catch (error) {
      signal?.throwIfAborted();
      log('warn', `the audit log cannot be compared with the database: ${messageOf(error)}`);
    }
    this.loss = found.lostRows ?? found.foreignLog;
    // Another log brings no rows back.
    this.store.lostRows = found.lostRows ?? this.store.lostRows;
    this.store.foreignLog = found.foreignLog;
  }

  /** What this instance, or one before it, found to be lost stays so. */
  private get missing(): string | undefined {
    return this.store.lostRows ?? this.store.foreignLog;
  }

  private savePositions(): void {
    const positions = [...this.read.values()];
    this.read.clear();
    if (positions.length > 0) this.trail.savePositions(positions);
  }

  private checkpoint(): void {
    this.savePositions();
    const { trouble, backlog, lost } = this.trail.status;
    if (trouble) {
      // The writer cannot write again beside a connection that reads only.
      this.store.database.release();
      this.trail.retry();
      this.outbox.retry();
      const wait = backlog === 1 ? '1 row waits' : `${formatCount(backlog)} rows wait`;
      this.troubles?.begin('database', `${trouble.message}; ${wait} in memory, ${formatCount(lost)} lost`);
    } else this.troubles?.looked('database', undefined);
    const { id } = this.trail.head;
    if (this.isLooking || (!trouble && this.looked.isEnough(id))) return;
    this.isLooking = true;
    this.looked.note(undefined);
    this.thread.call('look', { damage: trouble?.code === 'corrupt' ? trouble.message : undefined }, (outcome) => {
      this.isLooking = false;
      if (!outcome.ok) return;
      const { text, rows, finding } = outcome.value;
      this.lines.note(text);
      if (!finding && text.trouble === undefined) this.looked.note(id);
      if (finding) return this.noteFinding(finding);
      this.troubles?.looked(LOSS, this.missing);
      if ((rows ?? 0) > this.options.config.audit.entries_max && !trouble) void this.pruning.run();
    });
  }

  /** Another database may be in the place of the one that was: what is known is recorded before anything else is. */
  private noteFinding({ what, outcome }: DatabaseFinding): void {
    const { trail, troubles } = this;
    const fates = {
      restored: ' while zban ran; it is restored from what zban had open, nothing is missing',
      lost: ` while zban ran; entries up to #${trail.head.id} of the audit trail are lost, what followed from them is recorded again from memory`,
      waiting: '',
    };
    troubles?.begin(LOSS, what + fates[outcome]);
    if (outcome === 'waiting') return;
    this.store.database.release();
    this.savePositions();
    trail.saveAgain();
    if (outcome === 'lost') this.store.lostRows = what + fates.lost;
    troubles?.looked(LOSS, this.missing);
  }

  private every(ms: number, run: () => void): void {
    const timer = setInterval(run, ms).unref();
    this.ends.push(() => clearInterval(timer));
  }
}
