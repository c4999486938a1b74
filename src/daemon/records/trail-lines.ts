/** The text audit log of one instance: a line for each row, once the row is on disk or was refused by it. */

import { setImmediate } from 'node:timers/promises';
import type { AuditEntry } from '../../model/audit.ts';
import type { EngineEvent } from '../../model/told-event.ts';
import { formatAuditLine, formatBaselineLine } from '../../record/text-log/audit-line.ts';
import { numberLine } from '../../record/text-log/line-number.ts';
import type { TextStatus } from '../../record/thread/record-service.ts';
import type { RecordThread } from '../../record/thread/record-thread.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { Troubles } from '../troubles.ts';

/** Key of the trouble that the log cannot be written. */
const TROUBLE = 'audit log';

export class TrailLines {
  /** Gets what keeps the log from being written; absent during the start. */
  troubles: Troubles | undefined;
  private readonly thread: Pick<RecordThread, 'call'>;
  private readonly trail: Pick<AuditTrail, 'settled' | 'newest' | 'isOnDisk'>;
  private text: TextStatus = { lostLines: 0, trouble: undefined };
  /** Lines that wait for their rows. */
  private waiting: Promise<void> = Promise.resolve();

  constructor(thread: Pick<RecordThread, 'call'>, trail: Pick<AuditTrail, 'settled' | 'newest' | 'isOnDisk'>) {
    this.thread = thread;
    this.trail = trail;
  }

  /** Lines that found no room, since the start. */
  get lost(): number {
    return this.text.lostLines;
  }

  /** Writes rows, and baselines as they were recalculated, once the rows are on disk or refused. */
  tell(entries: readonly AuditEntry[], events: readonly EngineEvent[]): void {
    const baselines = events.flatMap((event) => (event.event === 'baseline' ? [formatBaselineLine(event)] : []));
    const { trail } = this;
    const settled = trail.settled();
    this.waiting = this.waiting.then(async () => {
      await settled;
      const rows = entries.flatMap((entry) => this.lineOf(trail.newest(entry)) ?? []);
      if (rows.length + baselines.length > 0) this.write(baselines.concat(rows));
      // Others get their turn before the next lines, of which there may be as many.
      await setImmediate();
    });
  }

  /** Resolves once the lines of what was told so far are on their way. */
  settled(): Promise<void> {
    return this.waiting;
  }

  write(lines: readonly string[]): void {
    this.thread.call('writeLines', lines, (outcome) => outcome.ok && this.note(outcome.value));
  }

  /** How the log is. */
  note(text: TextStatus): void {
    this.text = text;
    this.troubles?.looked(TROUBLE, text.trouble);
  }

  private lineOf(entry: AuditEntry): string | undefined {
    const line = formatAuditLine(entry);
    return line && numberLine(line, entry.id, this.trail.isOnDisk(entry) ? entry.hash : undefined);
  }
}
