/** The paths that each client asked for lately: what it does again and again is its habit. */
import { grown } from '../traffic/key-index.ts';

const FIRST_CAPACITY = 1024;
/** Paths remembered of a client: a dashboard polls a dozen. */
const PATHS = 16;
/** A habit: whether the client was served there, 15 bits of the path's hash, 16 of the URL's it was asked for with last. */
const [SERVED, PATH_BITS, URL_BITS] = [0x8000_0000, 0x7fff_0000, 0xffff];

/** The path of `pattern` asked for as `url` (their hashes), as one number. */
export function habitOf(pattern: number, url: number): number {
  return ((pattern & PATH_BITS) | (url & URL_BITS)) >>> 0;
}

/** 65 bytes a client. */
export class Habits {
  private habits = new Uint32Array(PATHS * FIRST_CAPACITY);
  private turn = new Uint8Array(FIRST_CAPACITY);

  reserve(capacity: number): void {
    this.habits = grown(this.habits, PATHS * capacity);
    this.turn = grown(this.turn, capacity);
  }

  reset(slot: number): void {
    this.turn[slot] = 0;
    this.habits.fill(0, slot * PATHS, (slot + 1) * PATHS);
  }

  /** As Clients.fetch. */
  fetch(slot: number): number {
    const at = PATHS * slot;
    return (this.habits[at] as number) + (this.habits[at + PATHS - 1] as number);
  }

  /** Where the path of `habit` stands among the client's, -1 when it does not. */
  find(slot: number, habit: number): number {
    const { habits } = this;
    const path = habit & PATH_BITS;
    for (let at = slot * PATHS, end = at + PATHS; at < end; at++) {
      const known = habits[at] as number;
      if ((known & PATH_BITS) === path && known !== 0) return at;
    }
    return -1;
  }

  /** True when the path that stands `at` was asked for by the same URL. */
  isSameUrl(at: number, habit: number): boolean {
    return at >= 0 && (((this.habits[at] as number) ^ habit) & URL_BITS) === 0;
  }

  /** True when the client was served on the path that stands `at`. */
  wasServed(at: number): boolean {
    return at >= 0 && (this.habits[at] as number) >= SERVED;
  }

  /** Notes a request for `habit`, whose path stands `at`, and whether it was served. */
  note(slot: number, habit: number, at: number, served: boolean): void {
    let place = at;
    if (place < 0) {
      const turn = this.turn[slot] as number;
      this.turn[slot] = (turn + 1) % PATHS;
      place = slot * PATHS + turn;
      this.habits[place] = 0;
    }
    const before = (this.habits[place] as number) & SERVED;
    this.habits[place] = before | (served ? SERVED : 0) | habit;
  }
}
