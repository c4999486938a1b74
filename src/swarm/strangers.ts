/**
 * Strangers: clients never seen before that render no pages. A swarm consists of them; how many come is counted by the minute,
 * over horizons of several lengths, against what is usual at this time.
 *
 * A client renders pages when it loads at least half as many different style sheets, scripts, fonts and pictures as the median
 * newcomer who loads any. Documents and feeds prove nothing, nor does a referer, which costs nothing; to pass for a visitor a
 * swarm has to load a page's files with every address.
 */
import type { Clients } from '../traffic/clients.ts';
import { clientHash, countBits } from '../traffic/hash.ts';
import type { Records } from '../traffic/records.ts';

/**
 * Seconds over which strangers are counted, each four times the one before: a swarm of any rate is noticed after about as
 * many of its clients.
 */
export const HORIZON_TIMES = 4;
export const HORIZONS = [0, 1, 2, 3].map((power) => 60 * HORIZON_TIMES ** power);
/** What is older than this no horizon looks at. */
export const PAST_SECONDS = Math.max(...HORIZONS);
/** Arrivals remembered: the longest horizon of 17 a second. */
const ARRIVALS_MAX = 65_536;
/** Of more arrivals so many are looked at, evenly spread: a share of them is known within 3 % (one standard error). */
const LOOKED_AT = 256;
const MINUTE = 60;
const DAY_MINUTES = 1440;
/** Minutes kept: two days, to compare with the same hours of yesterday. */
const MINUTES_KEPT = 2 * DAY_MINUTES;
/** What is usual is told by so many minutes at least. */
const KNOWN_MINUTES = 60;
/** "The same hours" reach so many minutes to both sides. */
const AROUND_MINUTES = 30;
/** Of the recent past so many horizons tell what is usual, half an hour at least. */
const RECENT_HORIZONS = 3;
const RECENT_MINUTES_MIN = 30;
const UNKNOWN = 0xffff;
/** How far one newcomer moves the median, and files from which on more prove no more. */
const [MEDIAN_STEP, PARTS_MAX] = [0.25, 16];
/**
 * Files tell visitors where so many newcomers load any: on real and simulated sites 1.2 % to 64 %, and 0.0 % where their files are not in
 * the log. And how far one newcomer moves that share.
 */
const [RENDERING_MIN, RENDERING_STEP] = [0.005, 0.002];
/** For so long after a start everybody is new. */
const START_SECONDS = 3600;
/** After a restart too, where the log was not read for so many minutes. */
const GAP_MINUTES = 15;
/** Clients remembered over a restart, by their hashes, the newest first. */
const SEEN_MAX = 65_536;
/** Files of a client that was seen before. */
const ALL = 0xffff_ffff;

/** What survives a restart: strangers by the minute, oldest first, and the minute after the last. */
export interface StrangersState {
  readonly minute: number;
  readonly counts: readonly number[];
  /** Clients who are no strangers, and since when that is known; absent before it is. */
  readonly seen: readonly number[];
  readonly knownFrom?: number;
  /** Median of the files that a newcomer loads. */
  readonly parts: number;
  /** Share of the newcomers who load any; absent in states of before. */
  readonly rendering?: number;
}

export class Strangers {
  private readonly clients: Clients;
  private readonly isExempt: (slot: number) => boolean;
  /** A word of the client's record: different files that it loaded and that pages are made of, as a set of 32 bits. */
  private readonly records: Records;
  private readonly part: number;
  /** Median of them among newcomers who load any, and how many prove that a client renders pages. */
  private median = 0;
  private partsMin = 1;
  /** Share of newcomers who load any, of the newest ones above all. */
  private rendering = 0;
  private readonly slots = new Int32Array(ARRIVALS_MAX);
  private readonly seconds = new Uint32Array(ARRIVALS_MAX);
  private next = 0;
  private count = 0;
  /** Strangers by minute of the epoch modulo the length. */
  private readonly minutes = new Uint16Array(MINUTES_KEPT).fill(UNKNOWN);
  /** First minute that is not counted yet; 0 before the first line. */
  private minute = 0;
  /** From this second on it is known who was seen before. */
  private knownFrom = Number.POSITIVE_INFINITY;
  /** Clients that were seen before a restart. */
  private seen: ReadonlySet<number> = new Set();
  private isResumed = false;

  constructor(clients: Clients, isExempt: (slot: number) => boolean) {
    this.clients = clients;
    this.records = clients.records;
    this.part = this.records.take(1);
    this.isExempt = isExempt;
  }

  /** A client that was never seen before got a slot. */
  begin(slot: number, second: number): void {
    if (this.minute === 0) this.minute = Math.floor(second / MINUTE);
    const hasGap = this.isResumed && second >= (this.minute + GAP_MINUTES) * MINUTE;
    this.isResumed = false;
    if (hasGap || this.knownFrom === Number.POSITIVE_INFINITY) this.knownFrom = second + START_SECONDS;
    const wasSeen = this.seen.size > 0 && this.seen.has(this.hashOf(slot));
    this.setParts(slot, wasSeen ? ALL : 0);
    if (wasSeen) return;
    this.slots[this.next] = slot;
    this.seconds[this.next] = second;
    this.next = (this.next + 1) % ARRIVALS_MAX;
    if (this.count < ARRIVALS_MAX) this.count++;
  }

  /** The client loaded a file that pages are made of, or has it from before (304); `hash` is that of its path. */
  notePart(slot: number, hash: number): void {
    this.setParts(slot, this.parts(slot) | (1 << (hash & 31)));
  }

  /** True of a client first seen at `since` or later that renders no pages and is not exempt. */
  is(slot: number, since: number): boolean {
    return (
      slot >= 0 &&
      this.clients.firstSecond(slot) >= since &&
      countBits(this.parts(slot)) < this.partsMin &&
      !this.isExempt(slot)
    );
  }

  /** Visitors load files here, as far as the log shows: strangers are none. */
  get areNoVisitors(): boolean {
    return this.rendering >= RENDERING_MIN;
  }

  /** More newcomers than `most`, strangers or not, came since `since`: quiet times cost no more than to ask this. */
  cameMore(since: number, most: number): boolean {
    const back = 1 + Math.floor(most);
    return this.count >= back && (this.seconds[this.place(back)] as number) >= since;
  }

  /** Strangers who came since `since`; of many arrivals some are looked at, evenly spread. */
  since(since: number): number {
    let strangers = 0;
    this.walk(since, (slot, _second, times) => {
      if (this.is(slot, since)) strangers += times;
    });
    return strangers;
  }

  /**
   * Second `now` begins: counts the minutes that have been over for a minute, in which their clients had time to load files.
   * How many they load is learned where `learns`.
   */
  advance(now: number, learns: boolean): void {
    const end = Math.floor(now / MINUTE) - 1;
    if (this.minute === 0 || this.minute >= end) return;
    if (end - this.minute > MINUTES_KEPT) this.minute = end - MINUTES_KEPT;
    const first = this.minute;
    for (; this.minute < end; this.minute++) {
      this.minutes[this.minute % MINUTES_KEPT] = this.minute * MINUTE < this.knownFrom ? UNKNOWN : 0;
    }
    this.walk(first * MINUTE, (slot, second, times) => {
      const minute = Math.floor(second / MINUTE);
      if (minute >= end) return;
      if (learns) this.learnParts(countBits(this.parts(slot)));
      const cell = minute % MINUTES_KEPT;
      if (this.minutes[cell] === UNKNOWN || !this.is(slot, first * MINUTE)) return;
      this.minutes[cell] = Math.min(UNKNOWN - 1, (this.minutes[cell] as number) + times);
    });
  }

  /** Strangers that usually come within a horizon at this time, as those before `before` did; undefined while too little is known. */
  usual(now: number, horizon: number, before = now - horizon): number | undefined {
    if (now - horizon < this.knownFrom) return undefined;
    const length = Math.ceil(horizon / MINUTE);
    const end = Math.floor((now - horizon) / MINUTE);
    const past = Math.min(end, Math.floor(before / MINUTE));
    const recent = this.mean(past - Math.max(RECENT_MINUTES_MIN, RECENT_HORIZONS * length), past);
    const yesterday = this.mean(end - DAY_MINUTES - AROUND_MINUTES, end - DAY_MINUTES + length + AROUND_MINUTES);
    if (recent === undefined) return undefined;
    return Math.max(recent, yesterday ?? 0) * (horizon / MINUTE);
  }

  /** `now` is the log's clock: who came within the longest horizon may be of a swarm. */
  snapshot(now: number): StrangersState {
    const counts = Array.from(
      { length: MINUTES_KEPT },
      (_, i) => this.minutes[(this.minute + i) % MINUTES_KEPT] as number,
    );
    const seen = new Set<number>();
    for (const slot of this.clients.recent()) {
      if (seen.size === SEEN_MAX) break;
      if (!this.is(slot, now - PAST_SECONDS)) seen.add(this.hashOf(slot));
    }
    for (const hash of this.seen) if (seen.size < SEEN_MAX) seen.add(hash);
    const knownFrom = Number.isFinite(this.knownFrom) ? { knownFrom: this.knownFrom } : {};
    const { minute, median, rendering } = this;
    return { minute, counts, parts: median, rendering, seen: [...seen], ...knownFrom };
  }

  restore({ minute, counts, parts, rendering, seen, knownFrom }: StrangersState): void {
    this.minute = minute;
    this.rendering = rendering ?? 0;
    this.seen = new Set(seen);
    this.knownFrom = knownFrom ?? Number.POSITIVE_INFINITY;
    this.isResumed = true;
    this.setMedian(parts);
    for (const [i, count] of counts.entries()) this.minutes[(minute + i) % MINUTES_KEPT] = count;
  }

  /** Shows who came since `since`, newest first, each for so many of those who came. */
  private walk(since: number, see: (slot: number, second: number, times: number) => void): void {
    const came = this.countSince(since);
    const times = Math.ceil(came / LOOKED_AT);
    for (let i = 1; i <= came; i += times) {
      const at = this.place(i);
      see(this.slots[at] as number, this.seconds[at] as number, times);
    }
  }

  /** Newcomers since `since`, by halves: they stand in their order. */
  private countSince(since: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.seconds[this.place(middle)] as number) >= since) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Of the newest newcomer but `back - 1`. */
  private place(back: number): number {
    return (this.next - back + ARRIVALS_MAX) % ARRIVALS_MAX;
  }

  private parts(slot: number): number {
    return this.records.words[this.records.start(slot, this.part)] as number;
  }

  private setParts(slot: number, parts: number): void {
    this.records.words[this.records.start(slot, this.part)] = parts;
  }

  private hashOf(slot: number): number {
    return clientHash(this.clients.high(slot), this.clients.low(slot));
  }

  /** Moves the median by a small step towards a newcomer's number of files, and the share of those who load any. */
  private learnParts(parts: number): void {
    this.rendering += RENDERING_STEP * (Math.sign(parts) - this.rendering);
    if (parts > 0) this.setMedian(this.median + MEDIAN_STEP * Math.sign(parts - this.median));
  }

  private setMedian(median: number): void {
    this.median = Math.min(PARTS_MAX, Math.max(0, median));
    this.partsMin = Math.max(1, Math.floor(this.median / 2));
  }

  /** Strangers a minute in the minutes `from`…`to`; undefined when fewer than half of them are known. */
  private mean(from: number, to: number): number | undefined {
    let [sum, known] = [0, 0];
    for (let minute = from; minute < to; minute++) {
      const count = this.minutes[((minute % MINUTES_KEPT) + MINUTES_KEPT) % MINUTES_KEPT] as number;
      if (count === UNKNOWN || minute < this.minute - MINUTES_KEPT || minute >= this.minute) continue;
      sum += count;
      known++;
    }
    return known * 2 < to - from || known < Math.min(KNOWN_MINUTES, to - from) / 2 ? undefined : sum / known;
  }
}
