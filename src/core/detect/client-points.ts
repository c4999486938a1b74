/** The points of every client, in columns by slot: three levels that time drains, and what its recent requests were. */
import type { PointsOptions } from '../engine-options.ts';
import { grown } from '../traffic/key-index.ts';

const FIRST_CAPACITY = 1024;
const MINUTE = 60;
/** A client that was not seen for so many seconds comes for another visit. */
const VISIT_SECONDS = 600;
/** Paths remembered of a client. */
const RECENT = 4;
const ASSETS_MAX = 0xffff;
/** Seconds for which fading is computed beforehand. */
const FADES = 1024;
const CHANGES_MAX = 0xff;
/** A recent path: whether it was answered, 15 bits of its hash, and 16 of the URL's that it was asked for with last. */
const [ANSWERED, PATH, URL] = [0x8000_0000, 0x7fff_0000, 0xffff];
/** What a surprise that is answered after all gives back. */
const TAKEN_BACK = 0.5;

/** 62 bytes a client. */
export class ClientPoints {
  surprise = new Float32Array(FIRST_CAPACITY);
  repetition = new Float32Array(FIRST_CAPACITY);
  work = new Float32Array(FIRST_CAPACITY);
  /** Recent requests, fading: all, surprising ones, POSTs. */
  requests = new Float32Array(FIRST_CAPACITY);
  surprises = new Float32Array(FIRST_CAPACITY);
  posts = new Float32Array(FIRST_CAPACITY);
  /** The path that its repetition is about. */
  repeated = new Uint32Array(FIRST_CAPACITY);
  /** Bin of the work limit's histogram that the visit has reached. */
  bin = new Uint8Array(FIRST_CAPACITY);
  /** 1 for a client that read what robots may do here. */
  polite = new Uint8Array(FIRST_CAPACITY);
  /** Changes that were accepted of it. */
  changes = new Uint8Array(FIRST_CAPACITY);
  /** Static files that it loaded. */
  assets = new Uint16Array(FIRST_CAPACITY);
  /** Second up to which the levels are drained; 0 before the first request. */
  private last = new Uint32Array(FIRST_CAPACITY);
  /** URLs that surprised since the level was last empty: a set of 64 bits. */
  private seenLow = new Uint32Array(FIRST_CAPACITY);
  private seenHigh = new Uint32Array(FIRST_CAPACITY);
  private recent = new Uint32Array(FIRST_CAPACITY * RECENT);
  private turn = new Uint8Array(FIRST_CAPACITY);
  private readonly options: PointsOptions;
  /** What is left of the recent requests after so many seconds. */
  private readonly fades: Float64Array;

  constructor(options: PointsOptions) {
    this.options = options;
    this.fades = Float64Array.from({ length: FADES }, (_, seconds) => this.fadeAfter(seconds));
  }

  /** Makes room for slots below `capacity`. */
  reserve(capacity: number): void {
    if (capacity <= this.last.length) return;
    for (const name of ['surprise', 'repetition', 'work', 'requests', 'surprises', 'posts'] as const) {
      this[name] = grown(this[name], capacity);
    }
    for (const name of ['last', 'repeated', 'seenLow', 'seenHigh'] as const) this[name] = grown(this[name], capacity);
    this.bin = grown(this.bin, capacity);
    this.polite = grown(this.polite, capacity);
    this.changes = grown(this.changes, capacity);
    this.turn = grown(this.turn, capacity);
    this.assets = grown(this.assets, capacity);
    this.recent = grown(this.recent, capacity * RECENT);
  }

  /** The slot's client is another now, or starts with a clean slate. */
  reset(slot: number): void {
    if (slot >= this.last.length) return;
    this.surprise[slot] = this.repetition[slot] = this.work[slot] = 0;
    this.requests[slot] = this.surprises[slot] = this.posts[slot] = 0;
    this.last[slot] = this.repeated[slot] = this.seenLow[slot] = this.seenHigh[slot] = 0;
    this.polite[slot] = this.changes[slot] = this.bin[slot] = this.turn[slot] = this.assets[slot] = 0;
    this.recent.fill(0, slot * RECENT, (slot + 1) * RECENT);
  }

  /** Lets time drain the client's levels up to `second`; true when a visit begins. A clock that was set back drains nothing. */
  drain(slot: number, second: number, workTimes: number): boolean {
    const last = this.last[slot] as number;
    const elapsed = second - last;
    if (elapsed === 0) return false;
    this.last[slot] = second;
    if (last === 0) return true;
    if (elapsed < 0) return false;
    const { surprise, repetition, work } = this.options;
    const minutes = elapsed / MINUTE;
    const left = (level: number, leak: number): number => Math.max(0, level - leak * minutes);
    this.surprise[slot] = left(this.surprise[slot] as number, surprise.leak);
    this.repetition[slot] = left(this.repetition[slot] as number, repetition.leak);
    this.work[slot] = left(this.work[slot] as number, work.leak * workTimes);
    const fade = elapsed < FADES ? (this.fades[elapsed] as number) : this.fadeAfter(elapsed);
    this.requests[slot] = (this.requests[slot] as number) * fade;
    this.surprises[slot] = (this.surprises[slot] as number) * fade;
    this.posts[slot] = (this.posts[slot] as number) * fade;
    if (this.surprise[slot] === 0) this.seenLow[slot] = this.seenHigh[slot] = 0;
    if (this.work[slot] === 0) this.bin[slot] = 0;
    return elapsed > VISIT_SECONDS;
  }

  /** A URL of this hash is answered: had it surprised, that was a first try without a password, or before it was there. */
  takeBack(slot: number, hash: number): void {
    const bit = 1 << (hash & 31);
    const seen = hash & 32 ? this.seenLow : this.seenHigh;
    if (((seen[slot] as number) & bit) === 0) return;
    seen[slot] = (seen[slot] as number) & ~bit;
    this.surprise[slot] = Math.max(0, (this.surprise[slot] as number) - TAKEN_BACK);
    this.surprises[slot] = Math.max(0, (this.surprises[slot] as number) - TAKEN_BACK);
  }

  /** True when a URL of this hash (six bits count) surprised already since the level was last empty; notes it. */
  noteSurprise(slot: number, hash: number): boolean {
    const bit = 1 << (hash & 31);
    const seen = hash & 32 ? this.seenLow : this.seenHigh;
    const known = ((seen[slot] as number) & bit) !== 0;
    seen[slot] = (seen[slot] as number) | bit;
    return known;
  }

  /** Adds to the path that most of the client's points go to, by majority vote (Boyer and Moore). */
  repeat(slot: number, path: number, points: number): void {
    const level = this.repetition[slot] as number;
    if (this.repeated[slot] === path) this.repetition[slot] = level + points;
    else if (level <= points) {
      this.repeated[slot] = path;
      this.repetition[slot] = points;
    } else this.repetition[slot] = level - points;
  }

  /** Where the path of `url` stands among the client's last ones, -1 when it does not. */
  findRecent(slot: number, url: number): number {
    const { recent } = this;
    const path = url & PATH;
    for (let at = slot * RECENT, end = at + RECENT; at < end; at++) {
      if (((recent[at] as number) & PATH) === path && recent[at] !== 0) return at;
    }
    return -1;
  }

  /** True when the path that stands `at` was asked for with the same query. */
  isSameUrl(at: number, url: number): boolean {
    return (((this.recent[at] as number) ^ url) & URL) === 0;
  }

  /** True when the client was answered on the path that stands `at`. */
  wasAnswered(at: number): boolean {
    return at >= 0 && (this.recent[at] as number) >= ANSWERED;
  }

  /** Notes that `url` was asked for, whose path stands `at`, and whether it was answered. */
  noteRecent(slot: number, url: number, at: number, answered: boolean): void {
    let place = at;
    if (place < 0) {
      const turn = this.turn[slot] as number;
      this.turn[slot] = (turn + 1) % RECENT;
      place = slot * RECENT + turn;
      this.recent[place] = 0;
    }
    const before = (this.recent[place] as number) & ANSWERED;
    this.recent[place] = before | (answered ? ANSWERED : 0) | (url & (PATH | URL));
  }

  noteChange(slot: number): void {
    const changes = this.changes[slot] as number;
    if (changes < CHANGES_MAX) this.changes[slot] = changes + 1;
  }

  noteAsset(slot: number): void {
    const assets = this.assets[slot] as number;
    if (assets < ASSETS_MAX) this.assets[slot] = assets + 1;
  }

  private fadeAfter(seconds: number): number {
    return Math.exp((-seconds * 1000) / this.options.memory);
  }
}
