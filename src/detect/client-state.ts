/** What the rules remember of every client, in its record. Nothing here is a verdict. */
import type { Records } from '../traffic/records.ts';
import { Habits } from './habits.ts';
import { Refusals } from './refusals.ts';

/** What a client was served counts half after so many seconds. */
const HALF_LIFE_SECONDS = 1200;
/** The share of it that fades in a second. */
export const FADING = Math.LN2 / HALF_LIFE_SECONDS;
const FADE = Float64Array.from({ length: 8192 }, (_, seconds) => 0.5 ** (seconds / HALF_LIFE_SECONDS));
/** Limits are multiplied by up to this for a client that loads the static files others load, and from so many files on. */
const ALLOWANCE_MAX = 2.2;
const ALLOWANCE_FILES = 8;
/** A client that was served so many things lately drains fastest. */
const SERVED_WELL = 30;
/** A browser loads a file for so many pages at least, the cached ones apart. */
const BARE_PAGES = 4;
/** Page loads that may excuse log-ins later. */
const LOADS_MAX = 12;
/** Numbers from here on may be times, which count by themselves. */
export const TIME_MIN = 100_000_000;
/** Answers of an honest program differ by more than this from one another: bytes (a number of its own makes no answer another), or a share. */
const [SAME_BYTES, SAME_SHARE] = [16, 0.02];

/** True when two answers are no copies of one page: bytes. */
export function isOtherSize(before: number, bytes: number): boolean {
  return Math.abs(before - bytes) > Math.max(SAME_BYTES, SAME_SHARE * before);
}

/**
 * In the record stand counts that fade, then words, then bytes.
 * Counts: known static files, and everything new to it, that it was served; requests served on known paths; POSTs; and
 * points of probes, but for redirects.
 */
const [FILES, SERVED, KNOWN, POSTS, PROBED, COUNTS] = [0, 1, 2, 3, 4, 5] as const;
export const COUNT = { FILES, SERVED, KNOWN, POSTS, PROBED } as const;
/**
 * The pattern of the form that it POSTs to; the lowest and the highest number it asked for in turn, and on which pattern; sizes of
 * the last record counted so, of the answers to its two newest POSTs, and of the two newest on paths new to it.
 */
const [FORM, LOWEST, HIGHEST, NUMBERED, RECORD_SIZE, POST_SIZE, POST_SIZE_BEFORE, SIZE, SIZE_BEFORE, BYTES_AT] = [
  5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
] as const;
/** Words of a client, the bytes included. */
const WORDS = 15;
/** What is known of the client, as bits of a byte; pages loaded that no POST followed; those of the form; how much answers to POSTs vary. */
const [MARKS, LOADS, FORM_LOADS, VARIETY] = [4 * BYTES_AT, 4 * BYTES_AT + 1, 4 * BYTES_AT + 2, 4 * BYTES_AT + 3];
/** How far one answer moves it. */
const [VARIETY_MAX, VARIETY_STEP] = [255, 0.25];
/**
 * It read what robots may do here (RFC 9309); it named a page of this site as where it came from; its last request was
 * redirected from a path that nobody else is served on; its last change was accepted.
 */
const [POLITE, LINKED, LED, WRITING] = [1, 2, 4, 8] as const;
export const MARK = { POLITE, LINKED, LED, WRITING } as const;

export class ClientState {
  readonly habits: Habits;
  readonly refusals: Refusals;
  private readonly records: Records;
  private readonly part: number;
  /** Where the parts of habits and refusals end, which follow. */
  private readonly end: number;

  constructor(records: Records) {
    this.records = records;
    this.part = records.take(WORDS);
    this.habits = new Habits(records);
    this.refusals = new Refusals(records);
    this.end = records.take(0);
  }

  /** The slot's client is another now, or starts with a clean slate. */
  reset(slot: number): void {
    this.records.words.fill(0, this.start(slot), this.records.start(slot, this.end));
  }

  fade(slot: number, seconds: number): void {
    const left = FADE[seconds] ?? 0;
    const { floats } = this.records;
    for (let at = this.start(slot), end = at + COUNTS; at < end; at++) floats[at] = (floats[at] as number) * left;
  }

  /** One of the counts of what the client was served, faded. */
  count(slot: number, count: number): number {
    return this.records.floats[this.start(slot) + count] as number;
  }

  add(slot: number, count: number, more = 1): void {
    const { floats } = this.records;
    const at = this.start(slot) + count;
    floats[at] = Math.max(0, (floats[at] as number) + more);
  }

  isMarked(slot: number, mark: number): boolean {
    return ((this.records.bytes[4 * this.start(slot) + MARKS] as number) & mark) !== 0;
  }

  /** Marks the client so, or no more; true when it was. */
  mark(slot: number, mark: number, isSo = true): boolean {
    const { bytes } = this.records;
    const at = 4 * this.start(slot) + MARKS;
    const marks = bytes[at] as number;
    bytes[at] = isSo ? marks | mark : marks & ~mark;
    return (marks & mark) !== 0;
  }

  /** What the files it loads multiply its limits by: 1 to ALLOWANCE_MAX. */
  allowance(slot: number): number {
    return 1 + (ALLOWANCE_MAX - 1) * Math.min(1, this.count(slot, FILES) / ALLOWANCE_FILES);
  }

  /** How well the client is served: 0–1. */
  servedWell(slot: number): number {
    return Math.min(1, this.count(slot, SERVED) / SERVED_WELL);
  }

  /** True for a client that comes from no page of this site, and loads next to no files that others load. */
  isBare(slot: number): boolean {
    return !this.isMarked(slot, LINKED) && this.count(slot, FILES) * BARE_PAGES <= this.count(slot, SERVED);
  }

  /** The client was served the page of this pattern. */
  noteLoad(slot: number, page: number): void {
    const { bytes, words } = this.records;
    const start = this.start(slot);
    const at = 4 * start;
    bytes[at + LOADS] = Math.min(LOADS_MAX, (bytes[at + LOADS] as number) + 1);
    if (words[start + FORM] === page)
      bytes[at + FORM_LOADS] = Math.min(LOADS_MAX, (bytes[at + FORM_LOADS] as number) + 1);
  }

  /**
   * Takes one page load for a POST to this pattern, and says how many: 0 without any. A log-in that is `sentOn` from its form, once
   * that is known, takes the page that it led to as well: 2.
   */
  takeLoad(slot: number, page: number, sentOn = false): 0 | 1 | 2 {
    const { bytes, words } = this.records;
    const start = this.start(slot);
    const at = 4 * start;
    const loads = bytes[at + LOADS] as number;
    if (words[start + FORM] !== page) {
      words[start + FORM] = page;
      bytes[at + FORM_LOADS] = 0;
    }
    const forms = bytes[at + FORM_LOADS] as number;
    const taken = sentOn && forms > 0 && loads > forms ? 2 : loads > 0 ? 1 : 0;
    bytes[at + LOADS] = loads - taken;
    if (forms > 0) bytes[at + FORM_LOADS] = forms - 1;
    return taken;
  }

  /** True when the number is the next one above or below those asked for in turn on this pattern; notes it. A poller's come again. */
  noteNumber(slot: number, page: number, number: number): boolean {
    const { words } = this.records;
    const at = this.start(slot);
    if (words[at + NUMBERED] === page && number < TIME_MIN) {
      const [lowest, highest] = [words[at + LOWEST] as number, words[at + HIGHEST] as number];
      const isNext = number === highest + 1 || number === lowest - 1;
      if (isNext) words[at + (number > highest ? HIGHEST : LOWEST)] = number;
      if (isNext || (number >= lowest && number <= highest)) return isNext;
    }
    words[at + NUMBERED] = page;
    words[at + LOWEST] = words[at + HIGHEST] = number;
    return false;
  }

  /** True when the record has another size than the one before it; notes it. */
  noteRecord(slot: number, bytes: number): boolean {
    const { words } = this.records;
    const at = this.start(slot) + RECORD_SIZE;
    const before = words[at] as number;
    words[at] = bytes;
    return isOtherSize(before, bytes);
  }

  /**
   * A POST answered with so many bytes: 0 when that to the last one had about as many, 1 when it had clearly more or fewer, 2 when
   * answers are mostly like neither of the two before: now and then two are alike by chance.
   */
  notePost(slot: number, bytes: number): 0 | 1 | 2 {
    this.add(slot, POSTS);
    const { words, bytes: marks } = this.records;
    const at = this.start(slot);
    const [size, before] = [words[at + POST_SIZE] as number, words[at + POST_SIZE_BEFORE] as number];
    words[at + POST_SIZE] = bytes;
    words[at + POST_SIZE_BEFORE] = size;
    const isOther = size > 0 && isOtherSize(size, bytes);
    const isNew = isOther && before > 0 && isOtherSize(before, bytes);
    const variety = 4 * at + VARIETY;
    const level = (marks[variety] as number) * (1 - VARIETY_STEP) + (isNew ? VARIETY_MAX * VARIETY_STEP : 0);
    marks[variety] = level;
    return level >= VARIETY_MAX / 2 ? 2 : isOther ? 1 : 0;
  }

  /** True when an answer on a path new to the client has the size of one of the two before it; notes it. */
  noteSize(slot: number, bytes: number): boolean {
    const { words } = this.records;
    const at = this.start(slot);
    const isSame = words[at + SIZE] === bytes || words[at + SIZE_BEFORE] === bytes;
    words[at + SIZE_BEFORE] = words[at + SIZE] as number;
    words[at + SIZE] = bytes;
    return isSame;
  }

  private start(slot: number): number {
    return this.records.start(slot, this.part);
  }
}
