/**
 * What the rules remember of every client, in columns by slot: what it was served lately, the paths that are its habit,
 * and what it was refused. Nothing here is a verdict.
 */
import { countBits } from '../traffic/hash.ts';
import { grown } from '../traffic/key-index.ts';

const FIRST_CAPACITY = 1024;
/** What a client loaded counts half after so many seconds. */
const HALF_LIFE_SECONDS = 1200;
const FADE = Float64Array.from({ length: 4096 }, (_, seconds) => 0.5 ** (seconds / HALF_LIFE_SECONDS));
/** Paths remembered of a client: a dashboard polls a dozen. */
const HABITS = 16;
/** A habit: whether the client was served there, 15 bits of the path's hash, 16 of the URL's it was asked for with last. */
const [SERVED, PATH_BITS, URL_BITS] = [0x8000_0000, 0x7fff_0000, 0xffff];
const TRIES = 8;
const REFUSED_BITS = 64;
const CROWDED_MAX = 4;
/** Page loads that may excuse log-ins later. */
const LOADS_MAX = 8;

/** 118 bytes a client. */
export class ClientState {
  /** Static files and answered requests that it was served lately, fading. */
  assets = new Float32Array(FIRST_CAPACITY);
  served = new Float32Array(FIRST_CAPACITY);
  /** POSTs, fading. */
  posts = new Float32Array(FIRST_CAPACITY);
  /** Pages that it was served for the first time, fading. */
  pages = new Float32Array(FIRST_CAPACITY);
  /** Pages loaded that no POST followed yet; and those of the form that it POSTs to. */
  loads = new Uint8Array(FIRST_CAPACITY);
  /** 1 for a client that read what robots may do here. */
  polite = new Uint8Array(FIRST_CAPACITY);
  forms = new Uint8Array(FIRST_CAPACITY);
  form = new Uint32Array(FIRST_CAPACITY);
  /** The last number it asked for, and on which pattern. */
  number = new Uint32Array(FIRST_CAPACITY);
  numbered = new Uint32Array(FIRST_CAPACITY);
  /** Size of the answer to its last POST. */
  postSize = new Uint32Array(FIRST_CAPACITY);
  /** Sizes of the two newest answers on paths new to it. */
  sizes = new Uint32Array(2 * FIRST_CAPACITY);
  /** Paths that it was refused on: a set of 64 bits; and the last ones. */
  private refused = new Uint32Array(2 * FIRST_CAPACITY);
  private tries = new Uint16Array(TRIES * FIRST_CAPACITY);
  private tryTurn = new Uint8Array(FIRST_CAPACITY);
  private habits = new Uint32Array(HABITS * FIRST_CAPACITY);
  private turn = new Uint8Array(FIRST_CAPACITY);

  get capacity(): number {
    return this.turn.length;
  }

  /** Makes room for slots below `capacity`. */
  reserve(capacity: number): void {
    if (capacity <= this.capacity) return;
    for (const name of ['assets', 'served', 'posts', 'pages'] as const) this[name] = grown(this[name], capacity);
    for (const name of ['loads', 'polite', 'forms', 'turn', 'tryTurn'] as const) this[name] = grown(this[name], capacity);
    for (const name of ['form', 'number', 'numbered', 'postSize'] as const) this[name] = grown(this[name], capacity);
    this.sizes = grown(this.sizes, 2 * capacity);
    this.refused = grown(this.refused, 2 * capacity);
    this.tries = grown(this.tries, TRIES * capacity);
    this.habits = grown(this.habits, HABITS * capacity);
  }

  /** The slot's client is another now, or starts with a clean slate. */
  reset(slot: number): void {
    this.assets[slot] = this.served[slot] = this.posts[slot] = this.pages[slot] = 0;
    this.polite[slot] = this.loads[slot] = this.forms[slot] = this.form[slot] = this.number[slot] = this.numbered[slot] = this.postSize[slot] = this.turn[slot] = 0;
    this.sizes[2 * slot] = this.sizes[2 * slot + 1] = 0;
    this.forgetRefused(slot);
    this.tries.fill(0, TRIES * slot, TRIES * (slot + 1));
    this.habits.fill(0, slot * HABITS, (slot + 1) * HABITS);
  }

  fade(slot: number, seconds: number): void {
    const left = FADE[seconds] ?? 0;
    this.assets[slot] = (this.assets[slot] as number) * left;
    this.served[slot] = (this.served[slot] as number) * left;
    this.posts[slot] = (this.posts[slot] as number) * left;
    this.pages[slot] = (this.pages[slot] as number) * left;
  }

  /** Where `url`'s path stands among the client's habits, -1 when it does not. */
  findHabit(slot: number, url: number): number {
    const { habits } = this;
    const path = url & PATH_BITS;
    for (let at = slot * HABITS, end = at + HABITS; at < end; at++) {
      const habit = habits[at] as number;
      if ((habit & PATH_BITS) === path && habit !== 0) return at;
    }
    return -1;
  }

  isSameUrl(habit: number, url: number): boolean {
    return (((this.habits[habit] as number) ^ url) & URL_BITS) === 0;
  }

  wasServed(habit: number): boolean {
    return habit >= 0 && (this.habits[habit] as number) >= SERVED;
  }

  /** Notes that `url` was asked for, whose path stands at `habit`, and whether it was served. */
  noteHabit(slot: number, url: number, habit: number, served: boolean): void {
    let at = habit;
    if (at < 0) {
      const turn = this.turn[slot] as number;
      this.turn[slot] = (turn + 1) % HABITS;
      at = slot * HABITS + turn;
      this.habits[at] = 0;
    }
    const before = (this.habits[at] as number) & SERVED;
    this.habits[at] = before | (served ? SERVED : 0) | (url & (PATH_BITS | URL_BITS));
  }

  /**
   * How many paths a refusal on a path of this hash stands for: 0 when it was refused there since the set was last empty,
   * more than 1 the fuller the set is, since paths fall together in it (linear counting, Whang et al., 1990).
   */
  noteRefused(slot: number, hash: number): number {
    const [bit, at] = [1 << (hash & 31), 2 * slot + ((hash >>> 5) & 1)];
    const set = this.refused[at] as number;
    if ((set & bit) !== 0) return 0;
    const full = countBits(set) + countBits(this.refused[at ^ 1] as number);
    this.refused[at] = set | bit;
    return Math.min(CROWDED_MAX, REFUSED_BITS / (REFUSED_BITS - full));
  }

  /** Remembers what a refusal cost, should the path be served after all. */
  noteTry(slot: number, hash: number, redirected: boolean): void {
    const turn = this.tryTurn[slot] as number;
    this.tryTurn[slot] = (turn + 1) % TRIES;
    this.tries[TRIES * slot + turn] = ((hash & 0x7fff) << 1) | (redirected ? 1 : 0);
  }

  /** 2 when a path of this hash was refused among the client's last ones, 1 when it redirected, else 0: it is served after all. */
  takeTry(slot: number, hash: number): number {
    const tag = hash & 0x7fff;
    for (let at = TRIES * slot, end = at + TRIES; at < end; at++) {
      const tried = this.tries[at] as number;
      if (tried >> 1 !== tag || tried === 0) continue;
      this.tries[at] = 0;
      const place = 2 * slot + ((hash >>> 5) & 1);
      this.refused[place] = (this.refused[place] as number) & ~(1 << (hash & 31));
      return tried & 1 ? 1 : 2;
    }
    return 0;
  }

  forgetRefused(slot: number): void {
    this.refused.fill(0, 2 * slot, 2 * slot + 2);
  }

  noteLoad(slot: number, pattern: number): void {
    this.loads[slot] = Math.min(LOADS_MAX, (this.loads[slot] as number) + 1);
    if (this.form[slot] === pattern) this.forms[slot] = Math.min(LOADS_MAX, (this.forms[slot] as number) + 1);
  }

  /** Takes one load of a page for a POST to `pattern`: 2 when it was the form's own, 1 when it was another page, else 0. */
  takeLoad(slot: number, pattern: number, habit: number): number {
    const loads = this.loads[slot] as number;
    if (this.form[slot] !== pattern) {
      this.form[slot] = pattern;
      this.forms[slot] = this.wasServed(this.findHabit(slot, habit)) ? loads : 0;
    }
    if (loads > 0) this.loads[slot] = loads - 1;
    const forms = this.forms[slot] as number;
    if (forms > 0) this.forms[slot] = forms - 1;
    return forms > 0 ? 2 : loads > 0 ? 1 : 0;
  }

  /** True when the answer has the size of one of the two before it on a path new to the client. */
  noteSize(slot: number, size: number): boolean {
    const at = 2 * slot;
    const same = this.sizes[at] === size || this.sizes[at + 1] === size;
    this.sizes[at + 1] = this.sizes[at] as number;
    this.sizes[at] = size;
    return same;
  }
}
