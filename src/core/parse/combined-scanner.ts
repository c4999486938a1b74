/** Finds the needed values of a line in nginx's `combined` (or the older `common`) format as byte ranges. */
import { ADDRESS, REFERER, REQUEST, STATUS, TIMESTAMP, USER_AGENT } from './fields.ts';

const [QUOTE, BACKSLASH, SPACE, BRACKET, BRACKET_END, MINUS] = [0x22, 0x5c, 0x20, 0x5b, 0x5d, 0x2d];
/** `[20/Nov/2026:10:11:12 +0000] ` before the request. */
const TIME_LENGTH = 26;

/**
 * Fills `starts` and `ends` (-1 where absent); false when the line has another shape. The user name is under the
 * client's control, so the time is found from the first quote backwards: nginx escapes quotes in every variable.
 */
export function scanCombined(
  bytes: Uint8Array,
  start: number,
  end: number,
  starts: Int32Array,
  ends: Int32Array,
): boolean {
  starts.fill(-1);
  let quote = start;
  while (quote < end && bytes[quote] !== QUOTE) quote++;
  const time = quote - 2 - TIME_LENGTH;
  if (quote >= end || time - 1 <= start) return false;
  if (bytes[quote - 1] !== SPACE || bytes[quote - 2] !== BRACKET_END || bytes[time - 1] !== BRACKET) return false;
  starts[TIMESTAMP] = time;
  ends[TIMESTAMP] = time + TIME_LENGTH;
  let at = start;
  while (bytes[at] !== SPACE) at++;
  if (at > start && !(at === start + 1 && bytes[start] === MINUS)) {
    starts[ADDRESS] = start;
    ends[ADDRESS] = at;
  }
  at = quote + 1;
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  if (at >= end) return false;
  starts[REQUEST] = quote + 1;
  ends[REQUEST] = at;
  starts[STATUS] = at + 2;
  ends[STATUS] = Math.min(at + 5, end);
  if (bytes[at + 1] !== SPACE) return false;
  at = keepQuoted(bytes, at + 2, end, starts, ends, REFERER);
  keepQuoted(bytes, at, end, starts, ends, USER_AGENT);
  return true;
}

/** Keeps the next quoted value unless it is empty or `-`; the position behind it. */
function keepQuoted(
  bytes: Uint8Array,
  from: number,
  end: number,
  starts: Int32Array,
  ends: Int32Array,
  field: number,
): number {
  let start = from;
  while (start < end && bytes[start] !== QUOTE) start++;
  let at = ++start;
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  if (at >= end) return end;
  if (at > start && !(at === start + 1 && bytes[start] === MINUS)) {
    starts[field] = start;
    ends[field] = at;
  }
  return at + 1;
}
