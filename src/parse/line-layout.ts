/**
 * Lines of one log_format differ only in their values. A layout remembers the text between them, so that the next line
 * is recognised by comparing words of four bytes instead of reading keys.
 */

/** A member of the object: the text before its value (keys, quotes, commas), and what the value means. */
export interface LayoutMember {
  readonly before: Literal;
  readonly quoted: boolean;
  readonly field: number;
  readonly rank: number;
}

/** Where a scanned member's value starts (behind its quote), where the member ends, and what it means. */
export interface SeenMember extends Omit<LayoutMember, 'before'> {
  readonly valueAt: number;
  readonly end: number;
}

/** Bytes that can be compared at any alignment, a word at a time. */
class Literal {
  readonly length: number;
  /** By alignment: the bytes at their place in aligned words, zero around them, and a mask of their bits. */
  private readonly words: Int32Array[] = [];
  private readonly masks: Int32Array[] = [];

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    for (let alignment = 0; alignment < 4; alignment++) {
      const [words, mask] = [0, 1].map(() => new Int32Array(Math.ceil((alignment + bytes.length) / 4))) as [
        Int32Array,
        Int32Array,
      ];
      new Uint8Array(words.buffer).set(bytes, alignment);
      new Uint8Array(mask.buffer).fill(255, alignment, alignment + bytes.length);
      this.words.push(words);
      this.masks.push(mask);
    }
  }

  /** True when these bytes stand at byte `at` of the buffer that `buffer` is a view of. */
  matches(buffer: Int32Array, at: number): boolean {
    const words = this.words[at & 3] as Int32Array;
    const mask = this.masks[at & 3] as Int32Array;
    const from = at >> 2;
    const last = words.length - 1;
    if (from + last >= buffer.length) return false;
    if (((buffer[from] as number) & (mask[0] as number)) !== words[0]) return false;
    for (let i = 1; i < last; i++) if (buffer[from + i] !== words[i]) return false;
    return ((buffer[from + last] as number) & (mask[last] as number)) === words[last];
  }
}

export class LineLayout {
  readonly members: readonly LayoutMember[];
  /** From the last value up to and including the newline. */
  readonly tail: Literal;

  /** The layout of the line from `start` to its newline at `end`. */
  constructor(bytes: Uint8Array, start: number, end: number, seen: readonly SeenMember[]) {
    let from = start;
    this.members = seen.map(({ valueAt, end: memberEnd, quoted, field, rank }) => {
      const before = new Literal(bytes.subarray(from, valueAt));
      from = memberEnd;
      return { before, quoted, field, rank };
    });
    this.tail = new Literal(bytes.subarray(from, end + 1));
  }
}
