/** The audit trail of a running daemon: every decision as a row bound to the row before, and what follows from the rows. */
import type { ActiveBan, AuditEntry } from '../../model/audit.ts';
import type { Position } from '../../model/chunk.ts';
import type { PruneOptions } from '../chain/find-cut.ts';
import { type Pruned, pruneDraft } from '../chain/prune.ts';
import { RecordError } from '../error.ts';
import type { Ban, Projection } from '../projection/projection.ts';
import { writeRow } from '../row/row.ts';
import type { Query } from './trail-reader.ts';
import { TrailRecorder } from './trail-recorder.ts';

export class AuditTrail extends TrailRecorder {
  get projectionCopy(): Projection {
    return this.projection.copy();
  }

  /** Rows on disk; throws RecordError. What waits in memory is not among them. */
  query(query: Query): AuditEntry[] {
    return this.reader.query(query);
  }

  /** The same, and no rows from a disk that does not give them back: a start goes on without them. */
  queryReadable(query: Query): AuditEntry[] {
    try {
      return this.reader.query(query);
    } catch (error) {
      if (error instanceof RecordError) return [];
      throw error;
    }
  }

  /** Bans that people lifted, among the newest `rows` rows and since `sinceMs`, oldest first. */
  recentUnbans(rows: number, sinceMs: number): AuditEntry[] {
    const afterId = Math.max(0, this.written.id - rows);
    const unbans = this.queryReadable({ action: 'unban', afterId, sinceMs, limit: rows });
    return unbans.filter(({ actor }) => actor.startsWith('operator:'));
  }

  /** Where each log was read up to, as saved. */
  positions(): Position[] {
    return this.backlog.positions;
  }

  savePositions(positions: readonly Position[]): void {
    this.append([], { positions });
  }

  /** A part's saved state. */
  loadState(key: string): Uint8Array | undefined {
    return this.backlog.findState(key);
  }

  saveState(key: string, bytes: Uint8Array): void {
    this.append([], { state: { [key]: bytes } });
  }

  /** Resolves once what was saved so far is on disk, or was refused by it; `settled` waits for rows alone. */
  saved(): Promise<void> {
    return this.backlog.extraSaved();
  }

  /** Another database may be in the place of the one that was: positions and states are written once more, with all that waits. */
  saveAgain(): void {
    this.backlog.putBackAll();
    this.retry();
  }

  /**
   * Deletes rows that are too old or too many from the start of the trail, at most 10,000 a call, and forgets offences that
   * ended before `offencesBeforeMs`; the `prune` row says so, and writing it does so. Call again while `more`. Rejects with
   * RecordError when the database is in trouble or rows wait.
   */
  prune(options: PruneOptions): Promise<Pruned> {
    const { promise, resolve, reject } = Promise.withResolvers<Pruned>();
    this.retry();
    const { trouble } = this.gate;
    if (trouble) reject(trouble);
    else {
      this.writer('findCut', options, (found) => {
        if (!found.ok) return reject(this.gate.noteFailure('trail', found.error));
        const cut = found.value;
        const draft = pruneDraft(cut, options);
        const { entry } = writeRow(draft, this.newestRow.id + 1, this.configVersion, this.newestRow.hash);
        const forgotten = this.projection.changesOf(entry).length;
        const pruned = { rows: cut.rows, forgotten, more: cut.more };
        if (cut.rows === 0 && forgotten === 0) return resolve(pruned);
        this.accept(draft, false);
        this.flush(true);
        void this.settled().then(() => (this.gate.trouble ? reject(this.gate.trouble) : resolve(pruned)));
      });
    }
    return promise;
  }

  /** Null also when the database cannot be read: numbers explain a ban, nothing depends on them. */
  protected findNumbers({ auditId, client }: Ban): ActiveBan['numbers'] {
    const { rows } = this.backlog;
    const first = rows[0]?.entry.id;
    const waiting = first === undefined ? undefined : rows[auditId - first];
    if (waiting) return waiting.entry.action === 'ban' ? waiting.entry.numbers : null;
    try {
      return this.reader.findNumbers(auditId, client);
    } catch (error) {
      if (error instanceof RecordError) return null;
      throw error;
    }
  }
}
