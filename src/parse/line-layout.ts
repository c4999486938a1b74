/**
 * Lines of one log_format differ only in their values. A layout remembers the text between them, so that the next line
 * is recognised by comparing words of eight bytes instead of reading keys.
 */
/** The field of a member that nobody asks for. */
export const UNKNOWN = 255;

/** A member of the object: the text before its value (keys, quotes, commas), and what the value means. */
export interface LayoutMember {
  readonly before: Literal;
  readonly quoted: boolean;
  readonly field: number;
  readonly rank: number;
  /** No other member has this field. */
  readonly isOnly: boolean;
}

/** Where a scanned member's value starts (behind its quote), where the member ends, and what it means. */
export interface SeenMember extends Pick<LayoutMember, 'quoted' | 'field' | 'rank'> {
  readonly valueAt: number;
  readonly end: number;
}

/** Bytes of a word. */
const WORD = 8;

/**
 * Bytes that are compared a word at a time, as the numbers that those of eight bytes are: equal numbers have equal bytes but for
 * zero, which would take bytes that no literal has. What is no number (NaN) equals nothing, so that such a line is read key by key.
 */
class Literal {
  readonly length: number;
  /** At 0, 8, 16 …, the last one at the last eight bytes. */
  private readonly words: Float64Array;
  /** Those of a literal that is too short for a word. */
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    const { length } = bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    this.length = length;
    this.words = Float64Array.from({ length: length < WORD ? 0 : Math.ceil(length / WORD) }, (_, i) =>
      view.getFloat64(Math.min(i * WORD, length - WORD), true),
    );
    this.bytes = length < WORD ? bytes.slice() : new Uint8Array(0);
  }

  /** True when these bytes stand at `at`, of the `size` bytes of `view`. */
  matches(view: DataView, at: number, size: number): boolean {
    const { words, bytes, length } = this;
    if (at + length > size) return false;
    const last = words.length - 1;
    for (let i = 0; i < last; i++) if (view.getFloat64(at + i * WORD, true) !== words[i]) return false;
    if (last >= 0) return view.getFloat64(at + length - WORD, true) === words[last];
    for (let i = 0; i < bytes.length; i++) if (view.getUint8(at + i) !== bytes[i]) return false;
    return true;
  }
}

export class LineLayout {
  readonly members: readonly LayoutMember[];
  /** From the last value up to and including the newline. */
  readonly tail: Literal;

  /** The layout of the line from `start` to its newline at `end`. */
  constructor(bytes: Uint8Array, start: number, end: number, seen: readonly SeenMember[]) {
    let from = start;
    const times = new Uint32Array(256);
    for (const { field } of seen) times[field] = (times[field] as number) + 1;
    this.members = seen.map(({ valueAt, end: memberEnd, quoted, field, rank }) => {
      const before = new Literal(bytes.subarray(from, valueAt));
      from = memberEnd;
      return { before, quoted, field, rank, isOnly: field !== UNKNOWN && times[field] === 1 };
    });
    this.tail = new Literal(bytes.subarray(from, end + 1));
  }
}
