/**
 * Finds the needed values of a line in nginx's `combined` (or the older `common`) format as byte ranges, or in the same with
 * the virtual host in front (Apache's `vhost_combined`):
 *
 *     ADDRESS - USER [TIME] "REQUEST" STATUS BYTES "REFERER" "USER-AGENT" …
 *     HOST ADDRESS - USER [TIME] "REQUEST" …
 *
 * Which of them a log has, no line can tell: clients choose the host, so it may be an address, and other formats have it
 * behind the address.
 */
import { ADDRESS, REFERER, REQUEST, RESPONSE_SIZE, SCANNED, STATUS, TIMESTAMP, USER_AGENT } from './fields.ts';

const [QUOTE, BACKSLASH, SPACE, BRACKET, BRACKET_END, MINUS, RETURN] = [0x22, 0x5c, 0x20, 0x5b, 0x5d, 0x2d, 0x0d];
/** `20/Nov/2026:10:11:12 +0000`. */
const TIME_LENGTH = 26;
/** Digits of a status. */
const STATUS_LENGTH = 3;
/** `] ` between the time and the quote of the request. */
const TIME_END_LENGTH = 2;

export class CombinedScanner {
  /** Ranges of the values of SCANNED, valid after scan(); start is -1 where the line has none. */
  readonly starts = new Int32Array(SCANNED.length);
  readonly ends = new Int32Array(SCANNED.length);
  private readonly hasHost: boolean;

  /** @param hasHost the virtual host is in front */
  constructor(hasHost: boolean) {
    this.hasHost = hasHost;
  }

  /**
   * Scans the line `start`…`end` (without its newline); false when it has another shape. The user name is under the
   * client's control, so the time is found from the first quote backwards: quotes in variables are escaped.
   */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    const { starts, ends } = this;
    starts.fill(-1);
    let quote = start;
    while (quote < end && bytes[quote] !== QUOTE) quote++;
    // nginx writes no such thing, Apache does.
    if (bytes[quote - 1] === BACKSLASH) quote = findQuote(bytes, start, end);
    const time = quote - TIME_END_LENGTH - TIME_LENGTH;
    if (quote >= end || time - 2 < start) return false;
    if (bytes[quote - 1] !== SPACE || bytes[quote - 2] !== BRACKET_END) return false;
    if (bytes[time - 1] !== BRACKET || bytes[time - 2] !== SPACE) return false;
    starts[TIMESTAMP] = time;
    ends[TIMESTAMP] = time + TIME_LENGTH;
    const addressAt = this.hasHost ? findSpace(bytes, start) + 1 : start;
    const addressEnd = findSpace(bytes, addressAt);
    // Behind the dash, which is what identd would say of the user, and nobody asks it: the user, who may be nobody.
    if (bytes[addressEnd + 1] !== MINUS || bytes[addressEnd + 2] !== SPACE || addressEnd + 3 > time - 2) return false;
    this.keep(bytes, ADDRESS, addressAt, addressEnd);
    const requestEnd = findQuote(bytes, quote + 1, end);
    if (requestEnd >= end) return false;
    starts[REQUEST] = quote + 1;
    ends[REQUEST] = requestEnd;
    starts[STATUS] = requestEnd + 2;
    ends[STATUS] = requestEnd + 2 + STATUS_LENGTH;
    const numbersEnd = skipNumbers(bytes, requestEnd + 1, end);
    if (numbersEnd < 0) return false;
    this.keep(bytes, RESPONSE_SIZE, requestEnd + 2 + STATUS_LENGTH + 1, numbersEnd);
    this.scanQuoted(bytes, this.scanQuoted(bytes, numbersEnd, end, REFERER), end, USER_AGENT);
    return true;
  }

  /** Keeps the next quoted value; the position behind it. */
  private scanQuoted(bytes: Uint8Array, from: number, end: number, field: number): number {
    let start = from;
    while (start < end && bytes[start] !== QUOTE) start++;
    const at = findQuote(bytes, ++start, end);
    if (at >= end) return end;
    this.keep(bytes, field, start, at);
    return at + 1;
  }

  /** An empty value and nginx's `-` count as absent. */
  private keep(bytes: Uint8Array, field: number, start: number, end: number): void {
    if (end === start || (end === start + 1 && bytes[start] === MINUS)) return;
    this.starts[field] = start;
    this.ends[field] = end;
  }
}

/** Behind ` STATUS BYTES`, which a space or nothing follows; -1 when there is something else. */
function skipNumbers(bytes: Uint8Array, start: number, end: number): number {
  const statusEnd = start + 1 + STATUS_LENGTH;
  if (bytes[start] !== SPACE || skipDigits(bytes, start + 1) !== statusEnd || bytes[statusEnd] !== SPACE) return -1;
  const size = statusEnd + 1;
  let at = skipDigits(bytes, size);
  if (at === size && bytes[at] === MINUS) at++;
  const isEnd = at === end || bytes[at] === SPACE || bytes[at] === RETURN;
  return at > size && at <= end && isEnd ? at : -1;
}

/** The next quote that is not escaped; `end` or more without one. */
function findQuote(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** Behind the digits at `at`. Neither they nor a space can be a newline, so that the line's end needs no look. */
function skipDigits(bytes: Uint8Array, at: number): number {
  let to = at;
  for (let c = bytes[to] as number; c >= 0x30 && c <= 0x39; c = bytes[to] as number) to++;
  return to;
}

/** The next space: there is one before the time. */
function findSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== SPACE) at++;
  return at;
}
