/** Lines in the order they came, as they came: reading one costs more than judging it, and of most nobody asks anything. */

/** A line whose traits are not known yet. */
export interface UnreadLine {
  readonly source: number;
  /** Its client's words. */
  readonly high: number;
  readonly low: number;
  readonly bytes: Uint8Array;
}

const BLOCK_BYTES = 65_536;
/** Source, words of the client, length of the line: 32 bits each. */
const HEADER_BYTES = 16;

interface Block {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Bytes that are written, and those that were shifted out. */
  end: number;
  start: number;
}

/** A queue of lines of up to LINE_BYTES_MAX. */
export class UnreadLines {
  /** Longer ones are to be read at once: a digest full of unread lines takes 30 MB at most. */
  static readonly LINE_BYTES_MAX = 640;
  size = 0;
  private blocks: Block[] = [];

  push({ source, high, low, bytes }: UnreadLine): void {
    const length = HEADER_BYTES + bytes.length;
    let last = this.blocks.at(-1);
    if (!last || last.end + length > BLOCK_BYTES) {
      const block = new Uint8Array(BLOCK_BYTES);
      last = { bytes: block, view: new DataView(block.buffer), end: 0, start: 0 };
      this.blocks.push(last);
    }
    const { view, end } = last;
    view.setUint32(end, source);
    view.setUint32(end + 4, high);
    view.setUint32(end + 8, low);
    view.setUint32(end + 12, bytes.length);
    last.bytes.set(bytes, end + HEADER_BYTES);
    last.end = end + length;
    this.size++;
  }

  /** Takes the oldest line out; undefined when none is left. */
  shift(): UnreadLine | undefined {
    const [first] = this.blocks;
    if (!first) return undefined;
    const { view, start, bytes } = first;
    this.drop();
    const [source, high, low] = [view.getUint32(start), view.getUint32(start + 4), view.getUint32(start + 8)];
    return { source, high, low, bytes: bytes.subarray(start + HEADER_BYTES, first.start) };
  }

  /** Drops the oldest line, if there is one, unread. */
  drop(): void {
    const [first] = this.blocks;
    if (!first) return;
    first.start += HEADER_BYTES + first.view.getUint32(first.start + 12);
    this.size--;
    if (first.start === first.end) this.blocks.shift();
  }
}
