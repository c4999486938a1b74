/** What the rules remember of every client, in columns by slot. Nothing here is a verdict. */
import { grown } from '../traffic/key-index.ts';
import { Habits } from './habits.ts';
import { Refusals } from './refusals.ts';

const FIRST_CAPACITY = 1024;
/** What a client was served counts half after so many seconds. */
const HALF_LIFE_SECONDS = 1200;
const FADE = Float64Array.from({ length: 8192 }, (_, seconds) => 0.5 ** (seconds / HALF_LIFE_SECONDS));
/** Limits are multiplied by up to this for a client that loads the static files others load, and from so many files on. */
const ALLOWANCE_MAX = 2.2;
const ALLOWANCE_FILES = 8;
/** A client that was served so many things lately drains fastest. */
const SERVED_WELL = 30;
/** A browser loads a file for so many pages at least, the cached ones apart. */
const BARE_PAGES = 8;
/** Page loads that may excuse log-ins later. */
const LOADS_MAX = 24;
/** Numbers from here on may be times, which count by themselves. */
const TIME_MIN = 100_000_000;
/** Answers of an honest program differ by more than this from one another: bytes, or a share. */
const [SAME_BYTES, SAME_SHARE] = [16, 0.02];

/** True when two answers are no copies of one page: bytes. */
export function isOtherSize(before: number, bytes: number): boolean {
  return Math.abs(before - bytes) > Math.max(SAME_BYTES, SAME_SHARE * before);
}

/** Columns of fading counts, of words and of bytes. */
const FADING = ['files', 'served', 'known', 'posts'] as const;
const WORDS = ['form', 'number', 'numbered', 'postSize', 'size', 'sizeBefore'] as const;
const BYTES = ['polite', 'linked', 'loads', 'forms'] as const;

/** 134 bytes a client, habits and refusals included. */
export class ClientState {
  readonly habits = new Habits();
  readonly refusals = new Refusals();
  /** Known static files, and everything new to it, that it was served; requests served on known paths; POSTs. */
  files = new Float32Array(FIRST_CAPACITY);
  served = new Float32Array(FIRST_CAPACITY);
  known = new Float32Array(FIRST_CAPACITY);
  posts = new Float32Array(FIRST_CAPACITY);
  /** 1 for a client that read what robots may do here (RFC 9309). */
  polite = new Uint8Array(FIRST_CAPACITY);
  /** 1 for a client that named a page of this site as where it came from. */
  linked = new Uint8Array(FIRST_CAPACITY);
  /** Pages loaded that no POST followed; those of the form that it POSTs to, whose pattern is `form`. */
  private loads = new Uint8Array(FIRST_CAPACITY);
  private forms = new Uint8Array(FIRST_CAPACITY);
  private form = new Uint32Array(FIRST_CAPACITY);
  /** The last number it asked for, and on which pattern. */
  private number = new Uint32Array(FIRST_CAPACITY);
  private numbered = new Uint32Array(FIRST_CAPACITY);
  /** Sizes of the answers to its last POST, and of the two newest on paths new to it. */
  private postSize = new Uint32Array(FIRST_CAPACITY);
  private size = new Uint32Array(FIRST_CAPACITY);
  private sizeBefore = new Uint32Array(FIRST_CAPACITY);

  /** Makes room for slots below `capacity`. */
  reserve(capacity: number): void {
    if (capacity <= this.files.length) return;
    for (const name of FADING) this[name] = grown(this[name], capacity);
    for (const name of WORDS) this[name] = grown(this[name], capacity);
    for (const name of BYTES) this[name] = grown(this[name], capacity);
    this.habits.reserve(capacity);
    this.refusals.reserve(capacity);
  }

  /** The slot's client is another now, or starts with a clean slate. */
  reset(slot: number): void {
    for (const name of FADING) this[name][slot] = 0;
    for (const name of WORDS) this[name][slot] = 0;
    for (const name of BYTES) this[name][slot] = 0;
    this.habits.reset(slot);
    this.refusals.reset(slot);
  }

  fade(slot: number, seconds: number): void {
    const left = FADE[seconds] ?? 0;
    this.files[slot] = (this.files[slot] as number) * left;
    this.served[slot] = (this.served[slot] as number) * left;
    this.known[slot] = (this.known[slot] as number) * left;
    this.posts[slot] = (this.posts[slot] as number) * left;
  }

  /** What the client's limits are multiplied by: 1 to ALLOWANCE_MAX. */
  allowance(slot: number): number {
    return 1 + (ALLOWANCE_MAX - 1) * Math.min(1, (this.files[slot] as number) / ALLOWANCE_FILES);
  }

  /** How well the client is served: 0–1. */
  servedWell(slot: number): number {
    return Math.min(1, (this.served[slot] as number) / SERVED_WELL);
  }

  /** True for a client that comes from no page of this site, and loads next to no files that others load. */
  isBare(slot: number): boolean {
    return this.linked[slot] === 0 && (this.files[slot] as number) * BARE_PAGES <= (this.served[slot] as number);
  }

  /** The client was served the page of this pattern. */
  noteLoad(slot: number, page: number): void {
    this.loads[slot] = Math.min(LOADS_MAX, (this.loads[slot] as number) + 1);
    if (this.form[slot] === page) this.forms[slot] = Math.min(LOADS_MAX, (this.forms[slot] as number) + 1);
  }

  /**
   * Takes one page load for a POST to this pattern: 3 when it was that of the form, and another page was loaded too, 2 when it was
   * that of the form, 1 when it was another page, 0 without any. `formServed`: the form is among the client's habits. A log-in that is `sentOn` takes the page it led to as well.
   */
  takeLoad(slot: number, page: number, formServed: boolean, sentOn = false): 0 | 1 | 2 | 3 {
    const loads = this.loads[slot] as number;
    if (this.form[slot] !== page) {
      this.form[slot] = page;
      this.forms[slot] = formServed ? loads : 0;
    }
    const forms = this.forms[slot] as number;
    const wentOn = sentOn && forms > 0 && loads > forms;
    if (loads > 0) this.loads[slot] = loads - (wentOn ? 2 : 1);
    if (forms > 0) this.forms[slot] = forms - 1;
    return wentOn ? 3 : forms > 0 ? 2 : loads > 0 ? 1 : 0;
  }

  /** True when the number follows the client's last one on the same pattern; notes it. */
  noteNumber(slot: number, page: number, number: number): boolean {
    const isNext = this.numbered[slot] === page && number === (this.number[slot] as number) + 1 && number < TIME_MIN;
    this.numbered[slot] = page;
    this.number[slot] = number;
    return isNext;
  }

  /** A POST answered with so many bytes; true when that to the last one had clearly more or fewer. */
  notePost(slot: number, bytes: number): boolean {
    this.posts[slot] = (this.posts[slot] as number) + 1;
    const before = this.postSize[slot] as number;
    this.postSize[slot] = bytes;
    return before > 0 && isOtherSize(before, bytes);
  }

  /** True when an answer on a path new to the client has the size of one of the two before it; notes it. */
  noteSize(slot: number, bytes: number): boolean {
    const isSame = this.size[slot] === bytes || this.sizeBefore[slot] === bytes;
    this.sizeBefore[slot] = this.size[slot] as number;
    this.size[slot] = bytes;
    return isSame;
  }
}
