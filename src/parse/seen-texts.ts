/**
 * Recognises texts that were read before. Few agents and paths make up most of a log's lines, and comparing one with its copy
 * takes a fraction of the time that reading it does.
 */

const WORD = 4;
/** Primes of xxHash (https://xxhash.com). */
const [PRIME_1, PRIME_2, PRIME_3, PRIME_4] = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f];

export class SeenTexts {
  /** Slots that find() gives: one for each text that is remembered, and one for all others. */
  readonly slots: number;
  private readonly shift: number;
  private readonly wordsMax: number;
  private chunk: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  /** By slot: bytes of the text, and itself; its last word has its last four bytes, which may overlap those before them. */
  private readonly lengths: Uint32Array;
  private readonly words: Int32Array;

  /** Remembers 2 ** `textsLog2` texts of 4 to `bytesMax` bytes. */
  constructor(textsLog2: number, bytesMax: number) {
    const texts = 1 << textsLog2;
    this.slots = texts + 1;
    this.shift = 32 - textsLog2;
    this.wordsMax = bytesMax / WORD;
    this.lengths = new Uint32Array(texts);
    this.words = new Int32Array(texts * this.wordsMax);
  }

  /** Makes `bytes` the chunk that texts are looked for in. */
  open(bytes: Uint8Array): void {
    this.chunk = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /**
   * The slot of the text in `start`…`end`, if it is remembered. Otherwise -1 less the slot that it has from now on, in the place
   * of another text: the caller has to note there what it is.
   */
  find(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const { view, words, lengths, wordsMax } = this;
    if (length < WORD || length > wordsMax * WORD || bytes !== this.chunk) return -this.slots;
    const slot = this.hash(start, length);
    const first = slot * wordsMax;
    const last = first + ((length - 1) >> 2);
    const lastWord = view.getInt32(end - WORD, true);
    if (lengths[slot] === length && words[last] === lastWord) {
      let at = first;
      for (let from = start; at < last && words[at] === view.getInt32(from, true); from += WORD) at++;
      if (at === last) return slot;
    }
    lengths[slot] = length;
    for (let at = first, from = start; at < last; at++, from += WORD) words[at] = view.getInt32(from, true);
    words[last] = lastWord;
    return -1 - slot;
  }

  /** By the last four bytes and the first four of each quarter. */
  private hash(start: number, length: number): number {
    const { view } = this;
    const room = length - WORD;
    const last = start + room;
    const a = Math.imul(view.getInt32(last, true) ^ length, PRIME_1);
    const b = Math.imul(view.getInt32(start, true), PRIME_2);
    const c = Math.imul(view.getInt32(start + (room >> 1), true), PRIME_3);
    const d = Math.imul(view.getInt32(last - (room >> 2), true), PRIME_4);
    return Math.imul(a ^ b ^ c ^ d, PRIME_1) >>> this.shift;
  }
}
