/**
 * Lines of one log_format differ only in their values. A layout remembers the text between them, so that the next line
 * is recognised by comparing words of four bytes instead of reading keys.
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

/** Bytes that are compared a word at a time. */
class Literal {
  readonly length: number;
  /** At 0, 4, 8 …, the last one at the last four bytes. */
  private readonly words: Int32Array;
  /** Those of a literal that is too short for a word. */
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.words = Int32Array.from({ length: bytes.length < 4 ? 0 : Math.ceil(bytes.length / 4) }, (_, i) =>
      view.getInt32(Math.min(i * 4, bytes.length - 4), true),
    );
    this.bytes = bytes.length < 4 ? bytes.slice() : new Uint8Array(0);
  }

  /** True when these bytes stand at `at`, of the `size` bytes of `view`. */
  matches(view: DataView, at: number, size: number): boolean {
    const { words, bytes } = this;
    if (at + this.length > size) return false;
    const last = words.length - 1;
    for (let i = 0; i < last; i++) if (view.getInt32(at + i * 4, true) !== words[i]) return false;
    if (last >= 0) return view.getInt32(at + this.length - 4, true) === words[last];
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
