/** What the record thread does for the daemon: it writes rows and messages, the text audit log, and looks after the files. */

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { TrailWriter } from '../chain/trail-writer.ts';
import { FOLDER_MODE, type RecordDatabase } from '../database/database.ts';
import { type FileLock, lockFile } from '../database/file-lock.ts';
import { type KeptDatabase, openKept } from '../database/kept-database.ts';
import { RecordError } from '../error.ts';
import { TextLog, type TextLogOptions } from '../text-log/text-log.ts';

export interface RecordServiceOptions {
  readonly database: string;
  /** How long a statement waits for another program's lock, milliseconds. */
  readonly busyTimeoutMs: number;
  readonly text: TextLogOptions;
}

export interface TextStatus {
  /** Lines that found no room among those that wait, since the start. */
  readonly lostLines: number;
  /** What keeps the log from being written, in words. */
  readonly trouble: string | undefined;
}

/** What happened to the database's files; neither lost nor restored, it was not dealt with yet. */
export interface DatabaseFinding {
  /** In words: what became of which file, or why nothing can be done about it now. */
  readonly what: string;
  readonly outcome: 'lost' | 'restored' | 'waiting';
}

export interface Look {
  readonly text: TextStatus;
  /** Rows in the database; undefined while it cannot be read. */
  readonly rows: number | undefined;
  readonly finding: DatabaseFinding | undefined;
}

export class RecordService extends TrailWriter {
  /** As in KeptDatabase. */
  readonly damage: string | undefined;
  private readonly kept: KeptDatabase;
  private text: TextLog;
  private textLock: FileLock;

  /** Throws RecordError when the database can neither be opened nor replaced. */
  static open(options: RecordServiceOptions): RecordService {
    const { database, busyTimeoutMs } = options;
    const textLock = lockText(options.text.path);
    let kept: KeptDatabase | undefined;
    try {
      kept = openKept(database, { busyTimeoutMs });
      return new RecordService(kept, options, textLock);
    } catch (error) {
      if (kept && error instanceof RecordError && error.code === 'corrupt') {
        kept.replace();
        kept.damage = error.message;
        return new RecordService(kept, options, textLock);
      }
      kept?.close();
      textLock.close();
      throw error;
    }
  }

  private constructor(kept: KeptDatabase, options: RecordServiceOptions, textLock: FileLock) {
    super(kept);
    this.kept = kept;
    this.damage = kept.damage;
    this.text = new TextLog(options.text);
    this.textLock = textLock;
  }

  /** Only reading all of the database showed that it is damaged: an empty one takes its place. */
  replace(): void {
    this.kept.replace();
  }

  writeLines(lines: readonly string[]): TextStatus {
    this.text.write(lines);
    return this.textStatus();
  }

  /** `damage` is what writing showed to be wrong with the database. */
  async look({ damage }: { readonly damage: string | undefined }): Promise<Look> {
    const finding = await this.guard(damage);
    this.text.flush();
    return { finding, text: this.textStatus(), rows: this.findRows() };
  }

  /** As src/workers/free-memory.ts, for this thread. */
  freeMemory(_: undefined): void {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }

  /**
   * The text audit log is another one from now on; it gets the lines that the one before did not take. Throws RecordError `in_use`
   * where another zban has it: then all is as it was.
   */
  moveText(options: TextLogOptions): void {
    if (options.path !== this.textLock.path) {
      const lock = lockText(options.path);
      this.textLock.close();
      this.textLock = lock;
    }
    this.text.close();
    const lines = this.text.takeWaiting();
    this.text = new TextLog(options);
    this.text.write(lines);
  }

  close(_: undefined): void {
    this.text.close();
    this.textLock.close();
    this.kept.close();
  }

  /** Notices that the database was deleted, exchanged or damaged, and puts another one in its place; what is lost its owner has to record again. */
  private async guard(damage: string | undefined): Promise<DatabaseFinding | undefined> {
    const found = this.kept.findLoss(damage);
    if (!found) return undefined;
    const { what, isDamage } = found;
    // Verifying has to understand rows, which nothing else here does.
    const { verifyAudit } = await import('../chain/verify.ts');
    try {
      const isWhole = (copy: RecordDatabase) => this.isHeldBy(copy) && (!isDamage || verifyAudit(copy).ok);
      return { what, outcome: this.kept.replace(isWhole) ? 'restored' : 'lost' };
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return { what: `${what}, and a copy cannot be written now: ${error.message}`, outcome: 'waiting' };
    }
  }

  private textStatus(): TextStatus {
    const { lostLines, trouble } = this.text.status;
    return { lostLines, trouble: trouble?.message };
  }

  private findRows(): number | undefined {
    try {
      const { head, anchor } = this.statements().readEnds();
      return head.id - anchor.id;
    } catch {
      return undefined;
    }
  }
}

/** Two zbans in one log would each take the other's lines for rows that its own database lost. */
function lockText(path: string): FileLock {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  } catch {
    // What writes the log reports it.
  }
  return lockFile(path);
}
