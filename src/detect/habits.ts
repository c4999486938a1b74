/** The paths that each client asked for lately: what it does again and again is its habit. */
import type { Records } from '../traffic/records.ts';

/** Paths remembered of a client: a dashboard polls a dozen. */
const PATHS = 16;
/** A habit: whether the client was served there, 15 bits of the path's hash, 16 of the URL's it was asked for with last. */
const [SERVED, PATH_BITS, URL_BITS] = [0x8000_0000, 0x7fff_0000, 0xffff];

/** The path of `pattern` asked for as `url` (their hashes), as one number. */
export function habitOf(pattern: number, url: number): number {
  return ((pattern & PATH_BITS) | (url & URL_BITS)) >>> 0;
}

/** Behind a client's habits stands which of them the next one takes the place of. */
const TURN = PATHS;
const WORDS = PATHS + 1;

export class Habits {
  private readonly records: Records;
  private readonly part: number;

  constructor(records: Records) {
    this.records = records;
    this.part = records.take(WORDS);
  }

  /** In which word the path of `habit` stands among the client's, -1 when it does not. */
  find(slot: number, habit: number): number {
    const { words } = this.records;
    const path = habit & PATH_BITS;
    for (let at = this.records.start(slot, this.part), end = at + PATHS; at < end; at++) {
      const known = words[at] as number;
      // Behind the last one.
      if (known === 0) break;
      if ((known & PATH_BITS) === path) return at;
    }
    return -1;
  }

  /** True when the path that stands `at` was asked for by the same URL. */
  isSameUrl(at: number, habit: number): boolean {
    return at >= 0 && (((this.records.words[at] as number) ^ habit) & URL_BITS) === 0;
  }

  /** True when the client was served on the path that stands `at`. */
  wasServed(at: number): boolean {
    return at >= 0 && (this.records.words[at] as number) >= SERVED;
  }

  /** Notes a request for `habit`, whose path stands `at`, and whether it was served. */
  note(slot: number, habit: number, at: number, served: boolean): void {
    const { words } = this.records;
    let place = at;
    if (place < 0) {
      const start = this.records.start(slot, this.part);
      const turn = words[start + TURN] as number;
      words[start + TURN] = (turn + 1) % PATHS;
      place = start + turn;
      words[place] = 0;
    }
    const before = (words[place] as number) & SERVED;
    words[place] = before | (served ? SERVED : 0) | habit;
  }
}
