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
import { ADDRESS, REFERER, REQUEST, RESPONSE_SIZE, STATUS, TIMESTAMP, USER_AGENT } from './fields.ts';
import { FoundValues, type LineFormat } from './line-format.ts';
import type { LogRecord } from './record.ts';

const [QUOTE, BACKSLASH, SPACE, BRACKET, BRACKET_END, MINUS, RETURN] = [0x22, 0x5c, 0x20, 0x5b, 0x5d, 0x2d, 0x0d];
/** `20/Nov/2026:10:11:12 +0000`. */
const TIME_LENGTH = 26;
/** Digits of a status. */
const STATUS_LENGTH = 3;
/** `] ` between the time and the quote of the request. */
const TIME_END_LENGTH = 2;

export class CombinedFormat implements LineFormat {
  /** What is no other format; with a host in front only by its name. */
  readonly detect?: () => true;
  private readonly hasHost: boolean;
  private readonly values = new FoundValues();

  /** @param hasHost the virtual host is in front */
  constructor(hasHost: boolean) {
    this.hasHost = hasHost;
    if (!hasHost) this.detect = () => true;
  }

  record(line: Uint8Array): LogRecord | undefined {
    return this.scan(line, 0, line.length)?.toRecord();
  }

  /**
   * The user name is under the client's control, so the time is found from the first quote backwards: quotes in variables
   * are escaped.
   */
  scan(bytes: Uint8Array, start: number, end: number): FoundValues | undefined {
    const { values } = this;
    values.open(bytes);
    let quote = start;
    while (quote < end && bytes[quote] !== QUOTE) quote++;
    // nginx writes no such thing, Apache does.
    if (bytes[quote - 1] === BACKSLASH) quote = findQuote(bytes, start, end);
    const time = quote - TIME_END_LENGTH - TIME_LENGTH;
    if (quote >= end || time - 2 < start) return undefined;
    if (bytes[quote - 1] !== SPACE || bytes[quote - 2] !== BRACKET_END) return undefined;
    if (bytes[time - 1] !== BRACKET || bytes[time - 2] !== SPACE) return undefined;
    values.keep(TIMESTAMP, time, time + TIME_LENGTH);
    const addressAt = this.hasHost ? findSpace(bytes, start) + 1 : start;
    const addressEnd = findSpace(bytes, addressAt);
    // Behind the dash, which is what identd would say of the user, and nobody asks it: the user, who may be nobody.
    if (bytes[addressEnd + 1] !== MINUS || bytes[addressEnd + 2] !== SPACE || addressEnd + 3 > time - 2)
      return undefined;
    values.keep(ADDRESS, addressAt, addressEnd);
    const requestEnd = findQuote(bytes, quote + 1, end);
    const statusEnd = requestEnd + 2 + STATUS_LENGTH;
    if (requestEnd >= end) return undefined;
    // Also an empty one is a request.
    values.starts[REQUEST] = quote + 1;
    values.ends[REQUEST] = requestEnd;
    values.keep(STATUS, requestEnd + 2, statusEnd);
    const numbersEnd = skipNumbers(bytes, requestEnd + 1, end);
    if (numbersEnd < 0) return undefined;
    values.keep(RESPONSE_SIZE, statusEnd + 1, numbersEnd);
    keepQuoted(values, keepQuoted(values, numbersEnd, end, REFERER), end, USER_AGENT);
    return values;
  }
}

/** Keeps the next quoted value; the position behind it. */
function keepQuoted(values: FoundValues, from: number, end: number, field: number): number {
  const { bytes } = values;
  let start = from;
  while (start < end && bytes[start] !== QUOTE) start++;
  const at = findQuote(bytes, ++start, end);
  if (at >= end) return end;
  values.keep(field, start, at);
  return at + 1;
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
