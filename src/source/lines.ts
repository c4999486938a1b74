/** Cuts bytes into whole lines of bounded length. */

const NEWLINE = 10;

/** Whole lines read from a file. */
export interface Lines {
  /** Backed by an ArrayBuffer of its own; may be empty when only over-long lines were passed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lines dropped because they were too long. */
  readonly oversized: number;
}

export interface Cut {
  /** Bytes of whole lines, now at the front of the buffer. */
  readonly kept: number;
  /** Bytes consumed: up to and with the last newline, of a dropped line too. */
  readonly consumed: number;
  readonly oversized: number;
  /** The rest after `consumed` belongs to a line that is already too long. */
  readonly dropping: boolean;
}

/**
 * Moves the whole lines of `buffer[0, length)` to its front and leaves out those of more than `lineBytesMax` bytes (their
 * newline not counted). Looks at one newline per `lineBytesMax` bytes: a stretch that has one can't hide a longer line.
 *
 * @param dropping the buffer begins within a line that was too long before
 */
export function cutLines(buffer: Buffer, length: number, lineBytesMax: number, dropping: boolean): Cut {
  const filled = buffer.subarray(0, length);
  let [from, kept, oversized] = [0, 0, 0];
  if (dropping) {
    const end = filled.indexOf(NEWLINE);
    if (end < 0) return { kept, consumed: 0, oversized, dropping };
    from = end + 1;
    oversized++;
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
    if (end < 0) return { kept, consumed: from, oversized, dropping: true };
    oversized++;
    from = end + 1;
  }
  return { kept, consumed: from, oversized, dropping: false };
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
