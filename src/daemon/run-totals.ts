/**
 * What one process of zban keeps over a reload or a panic, which build a new instance: its counts, a fuse that has tripped, and
 * which troubles were told.
 */
import type { FuseHold } from '../decide/fuse.ts';
import type { Status } from '../model/status.ts';
import type { StoodBefore } from './troubles.ts';

export type Totals = Pick<
  Status,
  'lines_total' | 'skipped' | 'discarded' | 'bans_total' | 'unbans_total' | 'refused_total'
>;

type Counts = Readonly<Record<string, number>>;
const NONE: Totals = { lines_total: 0, skipped: {}, discarded: {}, bans_total: 0, unbans_total: 0, refused_total: 0 };

function addCounts(a: Counts, b: Counts): Counts {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}

export class RunTotals {
  /** Of the newest instance that ended. */
  fuse: FuseHold | undefined;
  troubles: StoodBefore | undefined;
  private ended = NONE;

  /** What ended instances counted, and `current` on top. */
  plus(current: Totals): Totals {
    const { ended } = this;
    return {
      lines_total: ended.lines_total + current.lines_total,
      skipped: addCounts(ended.skipped, current.skipped),
      discarded: addCounts(ended.discarded, current.discarded),
      bans_total: ended.bans_total + current.bans_total,
      unbans_total: ended.unbans_total + current.unbans_total,
      refused_total: ended.refused_total + current.refused_total,
    };
  }

  /** An instance has ended. */
  end(current: Totals, fuse: FuseHold | undefined, troubles: StoodBefore): void {
    this.ended = this.plus(current);
    this.fuse = fuse;
    this.troubles = troubles;
  }
}
