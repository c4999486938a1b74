/**
 * How much work a visit may be here. Sites whose visitors all ask for much that is rare (mirrors, archives) get a higher
 * limit, as far as `grow_max`; being bounded, it need not be protected from attackers' visits.
 */
import type { PointsOptions } from '../engine-options.ts';

const BINS = 64;
/** Quarter octaves. */
const BINS_PER_OCTAVE = 4;
const [MINUTE, HOUR] = [60, 3600];
/** What is left of the counts after an hour. */
const HOUR_FADE = 0.97;

export class WorkLimit {
  /** Points tolerated. */
  limit: number;
  private readonly options: PointsOptions['work'];
  /** [0]: visits; [bin]: visits whose work reached 2^(bin/4) points. */
  private reached = new Float64Array(BINS);
  private nextMinute = 0;
  private nextHour = 0;

  constructor(options: PointsOptions['work']) {
    this.options = options;
    this.limit = options.limit;
  }

  noteVisit(): void {
    this.reached[0] = (this.reached[0] as number) + 1;
  }

  /** Notes that a visit whose work had reached bin `from` reached `points`; the bin it has reached now. */
  noteWork(from: number, points: number): number {
    if (points < 1) return from;
    const to = Math.min(BINS - 1, Math.floor(BINS_PER_OCTAVE * Math.log2(points)));
    for (let bin = from + 1; bin <= to; bin++) this.reached[bin] = (this.reached[bin] as number) + 1;
    return Math.max(from, to);
  }

  advance(second: number): void {
    // Also when the clock was set back.
    if (second < this.nextMinute && second >= this.nextMinute - MINUTE) return;
    this.nextMinute = second + MINUTE;
    if (second >= this.nextHour || second < this.nextHour - HOUR) {
      this.nextHour = second + HOUR;
      for (let bin = 0; bin < BINS; bin++) this.reached[bin] = (this.reached[bin] as number) * HOUR_FADE;
    }
    this.recompute();
  }

  snapshot(): readonly number[] {
    return [...this.reached];
  }

  restore(reached: readonly number[]): void {
    if (reached.length !== BINS) return;
    this.reached = Float64Array.from(reached);
    this.recompute();
  }

  private recompute(): void {
    const { limit, peers, peers_share, peers_times, grow_max } = this.options;
    const enough = Math.max(peers, peers_share * (this.reached[0] as number));
    const top = this.reached.findLastIndex((visits, bin) => bin > 0 && visits >= enough);
    const usual = top < 0 ? 0 : peers_times * 2 ** (top / BINS_PER_OCTAVE);
    this.limit = Math.min(grow_max * limit, Math.max(limit, usual));
  }
}
