/**
 * Finds words in bytes without regard to case, one table look-up a byte: the automaton of Aho and Corasick (1975).
 * Exact and without memory between lines, so that every thread says the same of the same line.
 */

const SYMBOLS = 256;

interface Node {
  readonly children: Map<number, number>;
  gain: number;
}

export class WordMatcher {
  /** Next state, by state * 256 + byte; states are kept multiplied by 256. */
  private readonly next: Uint16Array;
  private readonly gains: Int8Array;

  /**
   * Looks for `words`; one that goes on as one of `exceptions` (which must each begin with a word) does not count.
   * All lower-case ASCII, at most 255 letters together.
   */
  constructor(words: readonly string[], exceptions: readonly string[]) {
    const nodes: Node[] = [{ children: new Map(), gain: 0 }];
    for (const word of words) insert(nodes, word, 1);
    for (const word of exceptions) insert(nodes, word, -1);
    if (nodes.length > SYMBOLS) throw new Error(`too many words: ${nodes.length} states`);
    this.next = new Uint16Array(nodes.length * SYMBOLS);
    this.gains = new Int8Array(nodes.length);
    this.fill(nodes);
  }

  /** True when the bytes hold a word that no exception takes back. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    const { next, gains } = this;
    let found = 0;
    for (let at = start, state = 0; at < end; at++) {
      state = next[state + (bytes[at] as number)] as number;
      if (state !== 0) found += gains[state >> 8] as number;
    }
    return found > 0;
  }

  /** Breadth first: where a state has no child it goes on as its longest proper suffix does, and counts what that counts. */
  private fill(nodes: readonly Node[]): void {
    const suffixes = new Uint16Array(nodes.length);
    const queue = [0];
    for (const state of queue) {
      const suffix = suffixes[state] as number;
      const row = state * SYMBOLS;
      const { children, gain } = nodes[state] as Node;
      this.gains[state] = gain + (state === 0 ? 0 : (this.gains[suffix] as number));
      this.next.copyWithin(row, suffix * SYMBOLS, (suffix + 1) * SYMBOLS);
      for (const [symbol, child] of children) {
        // Of a word's first letter this is no child yet.
        suffixes[child] = (this.next[row + symbol] as number) / SYMBOLS;
        queue.push(child);
        this.next[row + symbol] = child * SYMBOLS;
        if (symbol >= 0x61 && symbol <= 0x7a) this.next[row + symbol - 0x20] = child * SYMBOLS;
      }
    }
  }
}

function insert(nodes: Node[], word: string, gain: number): void {
  let state = 0;
  for (let i = 0; i < word.length; i++) {
    const { children } = nodes[state] as Node;
    let child = children.get(word.charCodeAt(i));
    if (child === undefined) {
      child = nodes.push({ children: new Map(), gain: 0 }) - 1;
      children.set(word.charCodeAt(i), child);
    }
    state = child;
  }
  (nodes[state] as Node).gain = gain;
}
