/** The points of every client, in columns by slot: three levels that time drains, and what its recent requests were. */
import type { PointsOptions } from '../engine-options.ts';
import { grown } from '../traffic/key-index.ts';

const FIRST_CAPACITY = 1024;
const MINUTE = 60;
/** A client that was not seen for so many seconds comes for another visit. */
const VISIT_SECONDS = 600;
/** Rare paths remembered of a client. */
const RECENT = 4;
const ASSETS_MAX = 0xffff;

/** 52 bytes a client. */
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
  /** Static files that it loaded. */
  assets = new Uint16Array(FIRST_CAPACITY);
  /** Second up to which the levels are drained; 0 before the first request. */
  private last = new Uint32Array(FIRST_CAPACITY);
  /** URLs that surprised since the level was last empty: a set of 64 bits. */
  private seenLow = new Uint32Array(FIRST_CAPACITY);
  private seenHigh = new Uint32Array(FIRST_CAPACITY);
  private recent = new Uint16Array(FIRST_CAPACITY * RECENT);
  private turn = new Uint8Array(FIRST_CAPACITY);
  private readonly options: PointsOptions;

  constructor(options: PointsOptions) {
    this.options = options;
  }

  /** Makes room for slots below `capacity`. */
  reserve(capacity: number): void {
    if (capacity <= this.last.length) return;
    for (const name of ['surprise', 'repetition', 'work', 'requests', 'surprises', 'posts'] as const) {
      this[name] = grown(this[name], capacity);
    }
    for (const name of ['last', 'repeated', 'seenLow', 'seenHigh'] as const) this[name] = grown(this[name], capacity);
    this.bin = grown(this.bin, capacity);
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
    this.bin[slot] = this.turn[slot] = this.assets[slot] = 0;
    this.recent.fill(0, slot * RECENT, (slot + 1) * RECENT);
  }

  /** Lets time drain the client's levels up to `second`; true when a visit begins. A clock that was set back drains nothing. */
  drain(slot: number, second: number): boolean {
    const last = this.last[slot] as number;
    const elapsed = second - last;
    if (elapsed === 0) return false;
    this.last[slot] = second;
    if (last === 0) return true;
    if (elapsed < 0) return false;
    const { surprise, repetition, work, memory } = this.options;
    const minutes = elapsed / MINUTE;
    const left = (level: number, leak: number): number => Math.max(0, level - leak * minutes);
    this.surprise[slot] = left(this.surprise[slot] as number, surprise.leak);
    this.repetition[slot] = left(this.repetition[slot] as number, repetition.leak);
    this.work[slot] = left(this.work[slot] as number, work.leak);
    const fade = Math.exp((-elapsed * 1000) / memory);
    this.requests[slot] = (this.requests[slot] as number) * fade;
    this.surprises[slot] = (this.surprises[slot] as number) * fade;
    this.posts[slot] = (this.posts[slot] as number) * fade;
    if (this.surprise[slot] === 0) this.seenLow[slot] = this.seenHigh[slot] = 0;
    if (this.work[slot] === 0) this.bin[slot] = 0;
    return elapsed > VISIT_SECONDS;
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

  /** True when a path of this hash (16 bits) is among the client's last rare ones; else it becomes one. */
  noteRecent(slot: number, hash: number): boolean {
    const { recent } = this;
    const at = slot * RECENT;
    const mark = hash || 1;
    for (let i = at; i < at + RECENT; i++) if (recent[i] === mark) return true;
    const turn = this.turn[slot] as number;
    recent[at + turn] = mark;
    this.turn[slot] = (turn + 1) % RECENT;
    return false;
  }

  noteAsset(slot: number): void {
    const assets = this.assets[slot] as number;
    if (assets < ASSETS_MAX) this.assets[slot] = assets + 1;
  }
}
