/** A row for each target, in typed arrays, because a million bans are compared every minute: 60 bytes beside its text. */
import { grown } from '../traffic/records.ts';

/** Ends as numbers: no ban, and no end. No comparison with the one is ever true; the other is as far as can be from all. */
export const NONE = Number.NaN;
const PERMANENT = Number.POSITIVE_INFINITY;

/** Bits of a row: shown by the listing under way; changed while it was under way; seen in the kernel at all. */
export const [LISTED, TOUCHED, KNOWN] = [1, 2, 4];

const ROWS_MIN = 1024;

export const toEnd = (untilMs: number | null | undefined): number =>
  untilMs === undefined ? NONE : (untilMs ?? PERMANENT);
export const fromEnd = (end: number): number | null => (end === PERMANENT ? null : end);

export abstract class BanRows {
  protected readonly rows = new Map<string, number>();
  /** Rows below `used` that are free. */
  private readonly free: number[] = [];
  protected used = 0;
  protected wanted = new Float64Array(ROWS_MIN);
  protected held = new Float64Array(ROWS_MIN);
  /** The end that was told as confirmed. */
  protected told = new Float64Array(ROWS_MIN);
  protected bits = new Uint8Array(ROWS_MIN);
  /** 0, or one more than the index of its cause. */
  protected failing = new Uint8Array(ROWS_MIN);

  /** May replace the arrays: call it before one is named. */
  protected rowOf(target: string): number {
    const known = this.rows.get(target);
    if (known !== undefined) return known;
    const row = this.free.pop() ?? this.used++;
    if (row >= this.wanted.length) this.grow(row * 2);
    this.clear(row);
    this.rows.set(target, row);
    return row;
  }

  protected drop(target: string, row: number): void {
    this.rows.delete(target);
    this.free.push(row);
  }

  protected has(row: number, bits: number): boolean {
    return ((this.bits[row] ?? 0) & bits) !== 0;
  }

  protected mark(row: number, bits: number): void {
    this.bits[row] = (this.bits[row] ?? 0) | bits;
  }

  protected clear(row: number): void {
    this.wanted[row] = this.held[row] = this.told[row] = NONE;
    this.bits[row] = this.failing[row] = 0;
  }

  private grow(capacity: number): void {
    this.wanted = grown(this.wanted, capacity);
    this.held = grown(this.held, capacity);
    this.told = grown(this.told, capacity);
    this.bits = grown(this.bits, capacity);
    this.failing = grown(this.failing, capacity);
  }
}
