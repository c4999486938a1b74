/** Looks of the newest lines, each hashed once: while a swarm lasts the same lines are looked at again and again. */
import { HIGH, LOW, ROW } from '../parse/tally.ts';
import { type Evidence, LINES_KEPT, type Segment } from '../traffic/evidence.ts';
import { TRAITS } from './look.ts';
import type { LookHasher } from './look-hasher.ts';

const WIDTH = TRAITS.length;

export class LineLooks {
  readonly hasher: LookHasher;
  private readonly evidence: Evidence;
  /** Numbers of the lines whose looks are kept, counted from 1, and their looks: 0.8 MB, untouched while nobody asks. */
  private readonly numbers = new Float64Array(LINES_KEPT);
  private readonly looks = new Uint32Array(LINES_KEPT * WIDTH);

  constructor(evidence: Evidence, hasher: LookHasher) {
    this.evidence = evidence;
    this.hasher = hasher;
  }

  /** Writes the look of a line that evidence shows; false when the line can't be read. */
  read(segment: Segment, at: number, into: Uint32Array, to: number): boolean {
    const number = segment.before + at / ROW - segment.from + 1;
    const place = number % LINES_KEPT;
    const from = place * WIDTH;
    if (this.numbers[place] !== number) {
      const { rows } = segment.tally;
      const values = this.evidence.scan(segment, at);
      if (!values) return false;
      this.hasher.hash(values, rows[at + HIGH] as number, rows[at + LOW] as number, this.looks, from);
      this.numbers[place] = number;
    }
    for (let trait = 0; trait < WIDTH; trait++) into[to + trait] = this.looks[from + trait] as number;
    return true;
  }
}
