/** A row for each target, in typed arrays, because a million bans are compared every minute: 60 bytes beside its text. */
import { Columns } from '../net/columns.ts';

/** Ends as numbers: no ban, and no end. No comparison with the one is ever true; the other is as far as can be from all. */
export const NONE = Number.NaN;
const PERMANENT = Number.POSITIVE_INFINITY;

/** Bits of a row: shown by the listing under way; changed while it was under way; seen in the kernel at all. */
export const [LISTED, TOUCHED, KNOWN] = [1, 2, 4];

export const toEnd = (untilMs: number | null | undefined): number =>
  untilMs === undefined ? NONE : (untilMs ?? PERMANENT);
export const fromEnd = (end: number): number | null => (end === PERMANENT ? null : end);

export abstract class BanRows {
  protected readonly rows = new Map<string, number>();
  /** Rows below `used` that are free. */
  private readonly free: number[] = [];
  protected used = 0;
  /** `told` is the end that was told as confirmed; `failing` 0, or one more than the index of its cause. */
  private readonly columns = new Columns({ wanted: 'f64', held: 'f64', told: 'f64', bits: 'u8', failing: 'u8' });
  protected readonly of = this.columns.of;

  protected rowOf(target: string): number {
    const known = this.rows.get(target);
    if (known !== undefined) return known;
    const row = this.free.pop() ?? this.used++;
    this.columns.reserve(row + 1);
    this.clear(row);
    this.rows.set(target, row);
    return row;
  }

  protected drop(target: string, row: number): void {
    this.rows.delete(target);
    this.free.push(row);
  }

  protected has(row: number, bits: number): boolean {
    return (this.of.bits.at(row) & bits) !== 0;
  }

  protected mark(row: number, bits: number): void {
    this.of.bits.set(row, this.of.bits.at(row) | bits);
  }

  protected clear(row: number): void {
    const { wanted, held, told, bits, failing } = this.of;
    wanted.set(row, NONE);
    held.set(row, NONE);
    told.set(row, NONE);
    bits.set(row, 0);
    failing.set(row, 0);
  }
}
