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
import { FoundValues, type KnownLayout, type LineFormat } from './line-format.ts';
import type { LogRecord } from './record.ts';
import { findTextEnd } from './text-end.ts';

const [QUOTE, BACKSLASH, SPACE, BRACKET, BRACKET_END, MINUS] = [0x22, 0x5c, 0x20, 0x5b, 0x5d, 0x2d];
const [NEWLINE, RETURN] = [0x0a, 0x0d];
/** `20/Nov/2026:10:11:12 +0000`. */
const TIME_LENGTH = 26;
/** Digits of a status. */
const STATUS_LENGTH = 3;
/** `] ` between the time and the quote of the request. */
const TIME_END_LENGTH = 2;

export class CombinedFormat implements LineFormat, KnownLayout {
  /** What is no other format; with a host in front only by its name. */
  readonly detect?: () => true;
  readonly known = this;
  private readonly hasHost: boolean;
  private readonly values = new FoundValues();
  readonly starts = this.values.starts;
  readonly ends = this.values.ends;
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** @param hasHost the virtual host is in front */
  constructor(hasHost: boolean) {
    this.hasHost = hasHost;
    if (!hasHost) this.detect = () => true;
  }

  record(line: Uint8Array): LogRecord | undefined {
    // Of its own: what was found in the line before is still read.
    return new CombinedFormat(this.hasHost).scan(line, 0, line.length)?.toRecord();
  }

  scanKnown(bytes: Uint8Array, start: number): number {
    const at = this.read(bytes, start, bytes.length);
    return at < 0 || bytes[at] === NEWLINE ? at : bytes.indexOf(NEWLINE, at);
  }

  scan(bytes: Uint8Array, start: number, end: number): FoundValues | undefined {
    return this.read(bytes, start, end) < 0 ? undefined : this.values;
  }

  /**
   * Finds the values of the line that starts at `start` and ends at its newline, at `end` at the latest; behind the last value,
   * or -1. The user name is under the client's control, so the time is found from the first quote backwards: quotes in
   * variables are escaped.
   */
  private read(bytes: Uint8Array, start: number, end: number): number {
    const { values } = this;
    if (bytes !== values.bytes) this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    values.open(bytes);
    const quote = this.findQuote(start, end);
    const time = quote - TIME_END_LENGTH - TIME_LENGTH;
    if (time - 2 < start) return -1;
    if (bytes[quote - 1] !== SPACE || bytes[quote - 2] !== BRACKET_END) return -1;
    if (bytes[time - 1] !== BRACKET || bytes[time - 2] !== SPACE) return -1;
    values.keep(TIMESTAMP, time, time + TIME_LENGTH);
    const addressAt = this.hasHost ? findSpace(bytes, start) + 1 : start;
    const addressEnd = findSpace(bytes, addressAt);
    // Behind the dash, which is what identd would say of the user, and nobody asks it: the user, who may be nobody.
    if (bytes[addressEnd + 1] !== MINUS || bytes[addressEnd + 2] !== SPACE || addressEnd + 3 > time - 2) return -1;
    values.keep(ADDRESS, addressAt, addressEnd);
    const requestEnd = this.findQuote(quote + 1, end);
    const statusEnd = requestEnd + 2 + STATUS_LENGTH;
    if (requestEnd < 0) return -1;
    // Also an empty one is a request.
    values.starts[REQUEST] = quote + 1;
    values.ends[REQUEST] = requestEnd;
    values.keep(STATUS, requestEnd + 2, statusEnd);
    const numbersEnd = skipNumbers(bytes, requestEnd + 1, end);
    if (numbersEnd < 0) return -1;
    values.keep(RESPONSE_SIZE, statusEnd + 1, numbersEnd);
    return this.keepQuoted(this.keepQuoted(numbersEnd, end, REFERER), end, USER_AGENT);
  }

  /** Keeps the next quoted value of the line; the position behind it, or `from` without one. */
  private keepQuoted(from: number, end: number, field: number): number {
    const { values } = this;
    const { bytes } = values;
    let quote = from;
    while (quote < end && bytes[quote] !== QUOTE && bytes[quote] !== NEWLINE) quote++;
    if (quote >= end || bytes[quote] === NEWLINE) return from;
    const at = this.findQuote(quote + 1, end);
    if (at < 0) return from;
    values.keep(field, quote + 1, at);
    return at + 1;
  }

  /** The next quote of the line that is not escaped; -1 without one. */
  private findQuote(from: number, end: number): number {
    const { view } = this;
    for (let at = from; at < end; at++) {
      at = findTextEnd(view, at, end);
      if (at >= end) return -1;
      const c = view.getUint8(at);
      if (c === QUOTE) return at;
      if (c === BACKSLASH) at++;
      if (at >= end || view.getUint8(at) === NEWLINE) return -1;
    }
    return -1;
  }
}

/** Behind ` STATUS BYTES`, which a space or nothing follows; -1 when there is something else. */
function skipNumbers(bytes: Uint8Array, start: number, end: number): number {
  const statusEnd = start + 1 + STATUS_LENGTH;
  if (bytes[start] !== SPACE || skipDigits(bytes, start + 1) !== statusEnd || bytes[statusEnd] !== SPACE) return -1;
  const size = statusEnd + 1;
  let at = skipDigits(bytes, size);
  if (at === size && bytes[at] === MINUS) at++;
  const c = bytes[at];
  const isEnd = at === end || c === SPACE || c === RETURN || c === NEWLINE;
  return at > size && at <= end && isEnd ? at : -1;
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
