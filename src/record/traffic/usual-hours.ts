/** What is usual at each hour of the week: means in which a week counts two thirds of the one after it. */
import type { UsualHour } from '../../model/traffic.ts';
import type { TrafficRow } from './traffic-rows.ts';

const HOURS = 168;
const HOUR_MINUTES = 60;
const WEEK_FADE = 2 / 3;
/** 1970 began on a Thursday. */
const FIRST_HOUR = 3 * 24;
const WORDS = 4;

/** Sums of quarters of an hour: counted requests, all requests, refused ones, minutes. */
export class UsualHours {
  private readonly sums = new Float32Array(HOURS * WORDS);
  /** Week in which each was last added to. */
  private readonly weeks = new Uint32Array(HOURS);
  /** Minute of the newest quarter that was learned. */
  private newest = 0;

  /** Adds a quarter that is over, once. One with an anomaly in it is no example. */
  learn({ minute, minutes, counted, requests, refused, anomalous }: TrafficRow): void {
    if (minute <= this.newest) return;
    this.newest = minute;
    if (anomalous > 0 || minutes === 0) return;
    const hour = Math.floor(minute / HOUR_MINUTES) + FIRST_HOUR;
    const [index, week] = [hour % HOURS, Math.floor(hour / HOURS)];
    const sums = this.sums.subarray(index * WORDS, (index + 1) * WORDS);
    if (this.weeks[index] !== week) for (const at of sums.keys()) sums[at] = (sums[at] as number) * WEEK_FADE;
    this.weeks[index] = week;
    for (const [at, value] of [counted, requests, refused, minutes].entries()) sums[at] = (sums[at] as number) + value;
  }

  /** Undefined for hours that nothing is known of. */
  list(): (UsualHour | undefined)[] {
    return Array.from({ length: HOURS }, (_, index) => {
      const [counted = 0, requests = 0, refused = 0, minutes = 0] = this.sums.subarray(index * WORDS);
      if (minutes === 0) return undefined;
      return { rate: counted / minutes / 60, refusedShare: requests === 0 ? 0 : refused / requests };
    });
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(this.sums.byteLength + this.weeks.byteLength + 4);
    bytes.set(new Uint8Array(this.sums.buffer));
    bytes.set(new Uint8Array(this.weeks.buffer), this.sums.byteLength);
    new DataView(bytes.buffer).setUint32(bytes.length - 4, this.newest, true);
    return bytes;
  }

  restore(bytes: Uint8Array): void {
    if (bytes.length !== this.sums.byteLength + this.weeks.byteLength + 4) return;
    new Uint8Array(this.sums.buffer).set(bytes.subarray(0, this.sums.byteLength));
    new Uint8Array(this.weeks.buffer).set(bytes.subarray(this.sums.byteLength, -4));
    this.newest = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
  }
}
