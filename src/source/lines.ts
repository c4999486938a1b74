/** Cuts bytes into whole lines of bounded length. */
import { LongLine } from './long-line.ts';

const NEWLINE = 10;

/** Whole lines read from a file. */
export interface Lines {
  /** Backed by an ArrayBuffer of its own; may be empty when only over-long lines were passed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lines dropped because they were too long, however shortened. */
  readonly oversized: number;
}

export interface Cut extends Lines {
  /** Bytes consumed: up to and with the last newline, of a dropped line too. */
  readonly consumed: number;
  /** The rest after `consumed` belongs to a line that is already too long, and is in here. */
  readonly long: LongLine | undefined;
}

/**
 * Takes the whole lines out of `buffer[0, length)`, whose memory they take over; those of more than `lineBytesMax` bytes
 * (their newline not counted) are shortened. Looks at one newline per `lineBytesMax` bytes: a stretch that has one can't
 * hide a longer line.
 *
 * @param begun the line that was too long before, in which the buffer begins
 */
export function cutLines(buffer: Buffer<ArrayBuffer>, length: number, lineBytesMax: number, begun?: LongLine): Cut {
  const filled = buffer.subarray(0, length);
  let [from, kept, oversized] = [0, 0, 0];
  let first: Uint8Array | undefined;
  const cut = (long?: LongLine): Cut => {
    const bytes = front(buffer, kept);
    return { bytes: first ? join(first, bytes) : bytes, consumed: from, oversized, long };
  };
  if (begun) {
    const end = filled.indexOf(NEWLINE);
    begun.feed(end < 0 ? filled : filled.subarray(0, end));
    if (end < 0) return cut(begun);
    from = end + 1;
    first = begun.end();
    if (!first) oversized++;
  }
  while (from < length) {
    const limit = Math.min(length, from + lineBytesMax + 1);
    const last = filled.lastIndexOf(NEWLINE, limit - 1);
    if (last >= from) {
      if (kept !== from) filled.copyWithin(kept, from, last + 1);
      kept += last + 1 - from;
      from = last + 1;
      continue;
    }
    if (limit - from <= lineBytesMax) break;
    const end = filled.indexOf(NEWLINE, limit);
    const long = new LongLine(lineBytesMax);
    long.feed(filled.subarray(from, end < 0 ? length : end));
    if (end < 0) return cut(long);
    const line = long.end();
    if (line) {
      filled.set(line, kept);
      kept += line.length;
    } else oversized++;
    from = end + 1;
  }
  return cut();
}

function join(first: Uint8Array, rest: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + rest.length);
  bytes.set(first);
  bytes.set(rest, first.length);
  return bytes;
}

/** A buffer that shares its memory with nothing, so that it may be transferred. */
export function ownBuffer(bytes: number): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(bytes);
}

/** The first `length` bytes of a buffer from {@link ownBuffer}, as a chunk carries them. */
export function front(buffer: Buffer<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer, 0, length);
}

/** The last line of a finished file, which never got its newline: it gets one here. */
export function endLine(rest: Uint8Array): Uint8Array<ArrayBuffer> {
  const buffer = ownBuffer(rest.length + 1);
  buffer.set(rest);
  buffer[rest.length] = NEWLINE;
  return front(buffer, buffer.length);
}
