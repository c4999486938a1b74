/** What another database has, while zban runs, of what the lost one had: it gets the rest a portion at a time. */
import type { AuditDraft } from '../../model/audit.ts';
import type { Projection } from '../projection/projection.ts';
import { PORTION_ROWS } from '../row/row.ts';
import { restorationDrafts } from './lost-rows.ts';

export class LiveRestoration {
  /** What follows from the rows that the other database has got so far. */
  readonly stored: Projection;
  private readonly missing: Generator<readonly AuditDraft[]>;

  /** `picture` is all that is in force; it and `stored` follow the rows that come meanwhile. */
  constructor(stored: Projection, picture: Projection, nowMs: number) {
    this.stored = stored;
    this.missing = restorationDrafts(stored, picture, nowMs);
  }

  /** The next portion, with all there is about each client in it; empty when nothing is missing any more. */
  next(): readonly AuditDraft[] {
    const drafts: AuditDraft[] = [];
    while (drafts.length < PORTION_ROWS) {
      const { done, value } = this.missing.next();
      if (done) break;
      drafts.push(...value);
    }
    return drafts;
  }
}
