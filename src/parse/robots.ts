/** Tells which user agents say that they are robots. */
import { WordMatcher } from './word-matcher.ts';

/** How crawlers and monitors name themselves; `bot` ends its word, so that `Cubot` phones count and `bottle` does not. */
const ROBOT_WORDS = ['bot', 'crawl', 'spider', 'slurp', 'monitor', '+http:', '+https:'];
const ROBOT_EXCEPTIONS = [...'abcdefghijklmnopqrstuvwxyz0123456789_'].map((c) => `bot${c}`);

const words = new WordMatcher(ROBOT_WORDS, ROBOT_EXCEPTIONS);

/** Agents remembered, a power of two. */
const SEEN = 1024;
/** An agent is looked up by its last four bytes and about 2³ more. */
const SAMPLES_LOG2 = 3;

/**
 * Few agents make up most of a chunk's lines, and comparing one with where it stood before takes a third of the time that
 * searching it for words does. Nothing is remembered from one chunk to the next.
 */
export class Robots {
  private chunk: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  /** By hash: where an agent stands in the chunk, -1 for none, its length, and 1 for a robot. */
  private readonly starts = new Int32Array(SEEN);
  private readonly lengths = new Int32Array(SEEN);
  private readonly verdicts = new Uint8Array(SEEN);

  /** Makes `bytes` the chunk that agents are looked for in. */
  open(bytes: Uint8Array): void {
    this.chunk = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.starts.fill(-1);
  }

  /** True when the agent in `start`…`end` is a robot's; remembers it when `bytes` are the chunk. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length < 4 || bytes !== this.chunk) return isRobot(bytes, start, end);
    const slot = this.hash(start, length) & (SEEN - 1);
    if (this.lengths[slot] === length && this.isAt(this.starts[slot] as number, start, length)) {
      return this.verdicts[slot] === 1;
    }
    const verdict = isRobot(bytes, start, end);
    this.starts[slot] = start;
    this.lengths[slot] = length;
    this.verdicts[slot] = verdict ? 1 : 0;
    return verdict;
  }

  private hash(start: number, length: number): number {
    const { view } = this;
    const last = start + length - 4;
    const step = Math.max(4, length >> SAMPLES_LOG2);
    let hash = Math.imul(view.getInt32(last, true) ^ length, 0x9e37_79b1);
    for (let at = start; at < last; at += step) hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e37_79b1);
    return hash >>> 16;
  }

  private isAt(before: number, start: number, length: number): boolean {
    if (before < 0) return false;
    const { view } = this;
    // The last four bytes, which may overlap those before them, are compared first: versions stand there.
    for (let i = length - 4; i > 0; i -= 4) {
      if (view.getInt32(before + i, true) !== view.getInt32(start + i, true)) return false;
    }
    return view.getInt32(before, true) === view.getInt32(start, true);
  }
}

/** True when the user agent in `start`…`end` says that it is a robot's. */
export function isRobot(bytes: Uint8Array, start: number, end: number): boolean {
  return words.matches(bytes, start, end);
}
