/**
 * The audit trail: every decision as a row bound to the row before, and what follows from the rows. While the database
 * cannot be written, rows wait in memory in their order and the picture of bans stays right.
 */
import type { ActiveBan, AuditAction, AuditDraft, AuditEntry, Offence } from '../core/audit.ts';
import type { Position } from '../source/chunk.ts';
import type { RecordDatabase } from './database.ts';
import { RecordError, recordError, toRecordError } from './error.ts';
import type { Allowed, Ban, Change, Projection } from './projection.ts';
import { loadProjection } from './projection-table.ts';
import { cutOldRows, type PruneOptions, pruneDraft } from './prune.ts';
import { systemDraft, writeRow } from './row.ts';
import { StoredBan } from './stored-ban.ts';
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
}

export interface TrailStatus {
  /** Rows waiting to be written. */
  readonly backlog: number;
  /** Rows that the full backlog had no room for, since start. */
  readonly lost: number;
  readonly trouble: RecordError | undefined;
}

/** What a call of `prune` did. */
export interface Pruned {
  readonly rows: number;
  /** Offences forgotten. */
  readonly forgotten: number;
  /** More rows are old enough: call again. */
  readonly more: boolean;
}

export class AuditTrail {
  readonly #database: RecordDatabase;
  readonly #gate: WriteGate;
  readonly #backlogMax: number;
  readonly #reader: TrailReader;
  readonly #statements: TrailStatements;
  readonly #projection: Projection;
  #configVersion: string;
  #pending: Pending[] = [];
  /** Newest positions and states given; written with the last of the rows that wait before them. */
  #extra = { positions: new Map<string, Position>(), state: new Map<string, Uint8Array>() };
  /** The newest row on disk, and the newest at all. */
  #written: ChainEnd;
  #head: ChainEnd;
  #lost = 0;
  #lostUnsaid = 0;
  #lostAtMs = 0;
  /** No ban ends before this. */
  #nextEndMs = 0;

  /** Loads the projection. Throws RecordError when the database cannot be read. */
  constructor(options: AuditTrailOptions) {
    const { database } = options;
    this.#database = database;
    this.#gate = options.gate;
    this.#backlogMax = options.backlogMax ?? 100_000;
    this.#configVersion = options.configVersion;
    this.#reader = new TrailReader(database);
    try {
      this.#statements = prepareTrail(database.sql);
      this.#projection = options.projection ?? loadProjection(database.sql, 'now');
      this.#written = this.#statements.readHead();
    } catch (error) {
      throw toRecordError(error, database.path);
    }
    this.#head = this.#written;
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
    const standing = this.#pending.length > 0;
    const entries = drafts.map((draft) => this.#accept(draft, standing));
    for (const position of extra.positions ?? []) this.#extra.positions.set(position.path, position);
    for (const [key, bytes] of Object.entries(extra.state ?? {})) this.#extra.state.set(key, bytes);
    this.#flush(standing ? CATCH_UP_ROWS : Number.POSITIVE_INFINITY, false);
    return entries;
  }

  /** Tries to write what waits, at most 10,000 rows of it; for the caller's timer. True when nothing is left. */
  retry(): boolean {
    this.#flush(CATCH_UP_ROWS, true);
    return this.#isFlushed();
  }

  /** Writes all that waits, if the database lets it; true when nothing is left. For the daemon's stop. */
  drain(): boolean {
    this.#flush(Number.POSITIVE_INFINITY, true);
    return this.#isFlushed();
  }

  get status(): TrailStatus {
    return { backlog: this.#pending.length, lost: this.#lost, trouble: this.#gate.trouble };
  }

  /** Bans in force at `nowMs`, from memory; `numbers` is fetched from disk when it is looked at. */
  activeBans(nowMs: number): ActiveBan[] {
    const active: ActiveBan[] = [];
    for (const ban of this.#projection.bans.values()) {
      if (ban.untilMs === null || ban.untilMs > nowMs) active.push(this.#withNumbers(ban));
    }
    return active;
  }

  /** Clients of enforced bans in force at `nowMs` with their ends, for the firewall: no object of a ban is made. */
  *enforcedEnds(nowMs: number): Generator<{ readonly target: string; readonly untilMs: number | null }> {
    for (const { client, untilMs, enforced } of this.#projection.bans.values()) {
      if (enforced && (untilMs === null || untilMs > nowMs)) yield { target: client, untilMs };
    }
  }

  /** Bans in force at `nowMs`: those that are enforced, and observe mode's. */
  countActive(nowMs: number): { readonly enforced: number; readonly observed: number } {
    const counts = { enforced: 0, observed: 0 };
    for (const { untilMs, enforced } of this.#projection.bans.values()) {
      if (untilMs === null || untilMs > nowMs) counts[enforced ? 'enforced' : 'observed']++;
    }
    return counts;
  }

  /** The ban of exactly this client or prefix, if in force at `nowMs`. */
  findActiveBan(client: string, nowMs: number): ActiveBan | undefined {
    const ban = this.#projection.bans.get(client);
    return ban && (ban.untilMs === null || ban.untilMs > nowMs) ? this.#withNumbers(ban) : undefined;
  }

  /** Bans whose time is up at `nowMs` and that no row has ended yet. Costs nothing while none is due. */
  dueBans(nowMs: number): ActiveBan[] {
    if (nowMs < this.#nextEndMs) return [];
    const due: ActiveBan[] = [];
    this.#nextEndMs = Number.POSITIVE_INFINITY;
    for (const ban of this.#projection.bans.values()) {
      if (ban.untilMs === null) continue;
      if (ban.untilMs <= nowMs) due.push(this.#withNumbers(ban));
      this.#nextEndMs = Math.min(this.#nextEndMs, ban.untilMs);
    }
    return due;
  }

  /** How often clients were banned by policy: real bans, or observe mode's would-be bans. */
  offences(enforced: boolean): Offence[] {
    const { offences } = this.#projection;
    return [...(enforced ? offences.enforced : offences.observed).values()];
  }

  /** The operators' exceptions in force. */
  allowed(): Allowed[] {
    return [...this.#projection.allowed.values()];
  }

  /** Rows of each action ever recorded, pruned ones included. */
  totals(enforced: boolean): Readonly<Partial<Record<AuditAction, number>>> {
    const { totals } = this.#projection;
    return Object.fromEntries(enforced ? totals.enforced : totals.observed);
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
    return this.#read(() => this.#statements.readPositions());
  }

  savePositions(positions: readonly Position[]): void {
    this.append([], { positions });
  }

  /** A part's saved state; throws RecordError. */
  loadState(key: string): Uint8Array | undefined {
    return this.#read(() => this.#extra.state.get(key) ?? this.#statements.readState(key));
  }

  saveState(key: string, bytes: Uint8Array): void {
    this.append([], { state: { [key]: bytes } });
  }

  /**
   * Deletes rows older than `beforeMs` from the start of the trail, at most 10,000 a call, and forgets offences that
   * ended before `offencesBeforeMs`; the `prune` row says so. Call again while `more`. Throws RecordError when the
   * database is in trouble or rows wait.
   */
  prune(options: PruneOptions): Pruned {
    if (!this.drain())
      throw this.#gate.trouble ?? recordError('locked', this.#database.path, 'rows wait to be written');
    const { sql } = this.#database;
    return this.#read(() => {
      const step = sql.transaction(() => {
        const cut = cutOldRows(sql, options.beforeMs);
        const written = writeRow(pruneDraft(cut, options), this.#head.id + 1, this.#configVersion, this.#head.hash);
        const changes = this.#projection.changesOf(written.entry);
        // The row's own total is always among them.
        if (cut.rows === 0 && changes.length === 1) return { cut, written: undefined, changes: [] };
        this.#statements.write([{ ...written, changes }], this.#written, {});
        return { cut, written, changes };
      });
      const { cut, written, changes } = step.immediate();
      // In memory only once it is on disk.
      for (const change of changes) this.#projection.set(change);
      if (written) this.#written = this.#head = written.entry;
      return { rows: cut.rows, forgotten: Math.max(0, changes.length - 1), more: cut.more };
    });
  }

  #accept(draft: AuditDraft, standing: boolean): AuditEntry {
    const { id, hash } = this.#head;
    const written = writeRow(draft, id + 1, this.#configVersion, hash);
    if (standing && this.#pending.length >= this.#backlogMax) {
      this.#lost += 1;
      this.#lostUnsaid += 1;
      this.#lostAtMs = written.entry.timeMs;
      return { ...written.entry, id: 0, hash: '' };
    }
    this.#pending.push({ ...written, changes: this.#apply(written.entry) });
    this.#head = written.entry;
    return written.entry;
  }

  #apply(entry: AuditEntry): readonly Change[] {
    const changes = this.#projection.apply(entry);
    for (const { kind, value } of changes) {
      if (kind === 'ban' && value?.untilMs != null) this.#nextEndMs = Math.min(this.#nextEndMs, value.untilMs);
    }
    return changes;
  }

  #flush(rowsMax: number, force: boolean): void {
    while (!this.#isFlushed()) {
      const rows = this.#pending.length > rowsMax ? this.#pending.slice(0, rowsMax) : this.#pending;
      const last = rows.length === this.#pending.length;
      const { positions, state } = this.#extra;
      const extra = last ? { positions: [...positions.values()], state: Object.fromEntries(state) } : {};
      let end = this.#written;
      const write = this.#database.sql.transaction(() => {
        end = this.#statements.write(rows, this.#written, extra);
      });
      if (!this.#gate.attempt(() => write.immediate(), force)) return;
      this.#written = end;
      this.#pending = last ? [] : this.#pending.slice(rows.length);
      if (!last) return;
      this.#extra = { positions: new Map(), state: new Map() };
      this.#sayLost();
    }
  }

  /** The trail itself says that rows are missing from it. */
  #sayLost(): void {
    if (this.#lostUnsaid === 0) return;
    const detail = `${this.#lostUnsaid} audit rows before this one are lost: the database could not be written and the backlog was full`;
    this.#lostUnsaid = 0;
    this.#accept(systemDraft('trouble', this.#lostAtMs, detail), false);
  }

  #isFlushed(): boolean {
    return this.#pending.length === 0 && this.#extra.positions.size === 0 && this.#extra.state.size === 0;
  }

  #withNumbers(ban: Ban): ActiveBan {
    return new StoredBan(ban, this.#findNumbers);
  }

  /** Null also when the database cannot be read: numbers explain a ban, nothing depends on them. */
  readonly #findNumbers = ({ auditId, client }: Ban): ActiveBan['numbers'] => {
    const first = this.#pending[0]?.entry.id;
    const waiting = first === undefined ? undefined : this.#pending[auditId - first];
    if (waiting) return waiting.entry.numbers;
    try {
      return this.#reader.findNumbers(auditId, client);
    } catch (error) {
      if (error instanceof RecordError) return null;
      throw error;
    }
  };

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw toRecordError(error, this.#database.path);
    }
  }
}
