/** Reads the time stamps of access logs from bytes, to the second. */
import { daysFromCivil } from '../model/time.ts';
import { SeenTexts } from './seen-texts.ts';

const [ZERO, DOT, COLON, MINUS, PLUS, SLASH, SPACE] = [0x30, 0x2e, 0x3a, 0x2d, 0x2b, 0x2f, 0x20];
/** The letters of each month as one number. */
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'
  .split(' ')
  .map((name) => (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2));
/** Until the year 2286. */
const EPOCH_DIGITS_MAX = 10;
/** `2026-11-20T10:11:12Z`. */
const DATE_LENGTH_MIN = 20;
/** Times remembered: those of one second, in lines that are a little out of order. */
const [TIMES_LOG2, TIME_BYTES_MAX] = [4, 32];
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Number of `count` decimal digits at `at`, or NaN. */
export function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Clock and zone in seconds at `HH:MM:SS`; NaN when a part is out of range (60 is a leap second). */
function clockSeconds(bytes: Uint8Array, at: number): number {
  if (bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return Number.NaN;
  const [hour, minute, second] = [digits(bytes, at, 2), digits(bytes, at + 3, 2), digits(bytes, at + 6, 2)];
  return hour < 24 && minute < 60 && second < 61 ? hour * 3600 + minute * 60 + second : Number.NaN;
}

/** Offset of `Z`, `+HH:MM` or `+HHMM` in seconds; NaN for anything else. */
function zoneSeconds(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at] as number;
  if (end - at === 1 && (sign | 0x20) === 0x7a) return 0;
  if (sign !== PLUS && sign !== MINUS) return Number.NaN;
  const colon = end - at === 6 && bytes[at + 3] === COLON ? 1 : 0;
  if (end - at !== 5 + colon) return Number.NaN;
  const [hours, minutes] = [digits(bytes, at + 1, 2), digits(bytes, at + 3 + colon, 2)];
  if (!(hours < 24 && minutes < 60)) return Number.NaN;
  return (sign === PLUS ? 1 : -1) * (hours * 3600 + minutes * 60);
}

/** The day read last: that of nearly every line. */
const lastDay = { year: 0, month: 0, day: 0, seconds: Number.NaN };

/** The beginning of a day in epoch seconds; NaN when no calendar has it. */
function daySeconds(year: number, month: number, day: number): number {
  if (year === lastDay.year && month === lastDay.month && day === lastDay.day) return lastDay.seconds;
  const leapDay = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  const days = (MONTH_DAYS[month - 1] ?? 0) + leapDay;
  if (!(day >= 1 && day <= days)) return Number.NaN;
  Object.assign(lastDay, { year, month, day, seconds: daysFromCivil(year, month, day) * 86_400 });
  return lastDay.seconds;
}

/** 1 for January; 0 when the three letters at `at` name no month. */
function monthAt(bytes: Uint8Array, at: number): number {
  const name = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  let month = MONTHS.length;
  while (month > 0 && MONTHS[month - 1] !== name) month--;
  return month;
}

/** RFC 3339: `2026-11-20T10:11:12.345+01:00`. */
function parseRfc3339(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start + 7] !== MINUS || end - start < 20) return Number.NaN;
  const separator = bytes[start + 10] as number;
  if ((separator | 0x20) !== 0x74 && separator !== SPACE) return Number.NaN;
  let zone = start + 19;
  if (bytes[zone] === DOT) {
    const fraction = ++zone;
    while (zone < end && digits(bytes, zone, 1) >= 0) zone++;
    if (zone === fraction) return Number.NaN;
  }
  const day = daySeconds(digits(bytes, start, 4), digits(bytes, start + 5, 2), digits(bytes, start + 8, 2));
  return day + clockSeconds(bytes, start + 11) - zoneSeconds(bytes, zone, end);
}

/** nginx's $time_local: `20/Nov/2026:10:11:12 +0000`. */
function parseTimeLocal(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 26 || bytes[start + 6] !== SLASH || bytes[start + 11] !== COLON || bytes[start + 20] !== SPACE) {
    return Number.NaN;
  }
  const day = daySeconds(digits(bytes, start + 7, 4), monthAt(bytes, start + 3), digits(bytes, start, 2));
  return day + clockSeconds(bytes, start + 12) - zoneSeconds(bytes, start + 21, end);
}

/** Epoch seconds with or without fraction: `1706295602.123` ($msec). */
function parseEpoch(bytes: Uint8Array, start: number, end: number): number {
  // All but the last digit are a small integer, which is quicker than what may be larger.
  const smallEnd = Math.min(end, start + EPOCH_DIGITS_MAX - 1);
  let [value, at] = [0, start];
  for (; at < smallEnd; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = (value * 10 + digit) | 0;
  }
  let second = value;
  if (at < end && bytes[at] !== DOT) second = second * 10 + digits(bytes, at++, 1);
  if (at === start) return Number.NaN;
  if (at === end) return second;
  return bytes[at] === DOT && at + 1 < end && digits(bytes, at + 1, end - at - 1) >= 0 ? second : Number.NaN;
}

/** Whole epoch seconds (0–2³²−1) of bytes `start`…`end`, or -1 when they are no known time stamp. */
export function parseSecond(bytes: Uint8Array, start: number, end: number): number {
  let second: number;
  if (bytes[start + 4] === MINUS && end - start > 10) second = parseRfc3339(bytes, start, end);
  else if (bytes[start + 2] === SLASH && end - start > 10) second = parseTimeLocal(bytes, start, end);
  else second = parseEpoch(bytes, start, end);
  return second >= 0 && second <= 0xffff_ffff ? second : -1;
}

/** Reads time stamps, remembering the last long ones: lines of one second have the same. */
export class SecondReader {
  private readonly texts = new SeenTexts(TIMES_LOG2, TIME_BYTES_MAX);
  private readonly seconds = new Float64Array(this.texts.slots);

  /** Makes `bytes` the chunk that times are looked for in. */
  open(bytes: Uint8Array): void {
    this.texts.open(bytes);
  }

  /** The same as parseSecond(). */
  read(bytes: Uint8Array, start: number, end: number): number {
    // Milliseconds differ from line to line, and are quickly read.
    if (end - start < DATE_LENGTH_MIN) return parseSecond(bytes, start, end);
    const { texts, seconds } = this;
    let slot = texts.find(bytes, start, end);
    if (slot < 0) {
      slot = -1 - slot;
      seconds[slot] = parseSecond(bytes, start, end);
    }
    return seconds[slot] as number;
  }
}
