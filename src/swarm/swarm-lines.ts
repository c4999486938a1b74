/** Reads the newest lines for their looks: those of strangers and, to see whom a lane would touch now, those of others. */

import { HIGH, INFO, LOW, PAGE_PART, SECOND } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence, Segment } from '../traffic/evidence.ts';
import { clientHash, mixBits } from '../traffic/hash.ts';
import { ClientLines } from './client-lines.ts';
import type { LineLooks } from './line-looks.ts';
import { readLook, TRAITS } from './look.ts';

/** Lines read of each kind, evenly spread: reading one takes time. */
const READ_MAX = 1000;
/** Lines of one client that count: no single one is a swarm, nor speaks for one. */
const CLIENT_LINES_MAX = 5;
/** Lines may be written so many seconds after their time. */
const LATE_SECONDS = 60;

/** A line among the newest ones: its row begins at `at`. */
export interface Line {
  readonly segment: Segment;
  readonly at: number;
}

/** Lines of one kind, newest first: where each is, in columns, because there are thousands. */
interface LineColumns {
  readonly segments: Segment[];
  readonly at: number[];
}

/** Lines of one kind, of which some were read. */
export class Looks {
  /** All lines. */
  readonly total: number;
  /** Those read: hashes of their traits, whose they are, and of when. */
  count = 0;
  readonly hashes = new Uint32Array(READ_MAX * TRAITS.length);
  readonly slots = new Int32Array(READ_MAX);
  readonly seconds = new Uint32Array(READ_MAX);
  readonly lines: Line[] = [];
  private readonly evidence: Evidence;
  private readonly looks: LineLooks;

  constructor(lines: LineColumns, evidence: Evidence, clients: Clients, looks: LineLooks) {
    this.total = lines.at.length;
    this.evidence = evidence;
    this.looks = looks;
    const every = Math.ceil(this.total / READ_MAX);
    for (let i = 0; i < this.total; i += every) {
      const [segment, at] = [lines.segments[i] as Segment, lines.at[i] as number];
      if (!looks.read(segment, at, this.hashes, this.count * TRAITS.length)) continue;
      const { rows } = segment.tally;
      this.lines.push({ segment, at });
      this.seconds[this.count] = rows[at + SECOND] as number;
      this.slots[this.count++] = clients.find(rows[at + HIGH] as number, rows[at + LOW] as number);
    }
  }

  /** Lines for each one that was read. */
  get times(): number {
    return this.total / this.count;
  }

  /** Of the looks at `offsets` one for each value of the trait that a client has. */
  oncePerClient(trait: number, offsets: readonly number[]): number[] {
    const key = (at: number) =>
      (this.slots[at / TRAITS.length] as number) * 2 ** 32 + (this.hashes[at + trait] as number);
    return [...new Map(offsets.map((at) => [key(at), at])).values()];
  }

  /** The text of a trait in the look that begins at `at`; undefined where the request lacks it. */
  textOf(trait: number, at: number): string | undefined {
    const line = this.lines[at / TRAITS.length];
    const record = line && this.evidence.record(line.segment, line.at);
    if (!record) return undefined;
    const { rows } = line.segment.tally;
    const [high, low] = [rows[line.at + HIGH] as number, rows[line.at + LOW] as number];
    return readLook(record, high, low, this.looks.hasher.options)[trait];
  }
}

const [STRANGER, OTHER] = [1, 2];
/** One for all: it is empty again before the next lines are read. */
const counts = new ClientLines();

/** The newest lines by whose they are. */
export class SwarmLines {
  readonly strangers: Looks;
  /** All lines of others, read or not. */
  othersTotal = 0;
  private readonly lines: LineColumns = { segments: [], at: [] };
  private readonly read: (lines: LineColumns) => Looks;
  private known: Looks | undefined;

  /**
   * The lines since `since` of those that `isStranger`, and of all others who are not banned; newcomers came since `begun`. Only
   * one client of `every` is looked at: by the installation's key, so that nobody outside knows which.
   */
  constructor(
    evidence: Evidence,
    clients: Clients,
    looks: LineLooks,
    since: number,
    isStranger: (slot: number) => boolean,
    begun: number,
    every = 1,
  ) {
    const { hashKey } = looks.hasher.options;
    const strangers: LineColumns = { segments: [], at: [] };
    const kindOf = (slot: number) => (isStranger(slot) ? STRANGER : OTHER);
    counts.clear();
    evidence.walk((segment, at) => {
      const { rows } = segment.tally;
      const second = rows[at + SECOND] as number;
      if (second < since) return second >= since - LATE_SECONDS;
      const [high, low] = [rows[at + HIGH] as number, rows[at + LOW] as number];
      if (every > 1 && mixBits(clientHash(high, low) ^ hashKey) % every !== 0) return true;
      const slot = clients.find(high, low);
      if (slot < 0 || clients.bannedUntil(slot) > second) return true;
      const place = counts.place(slot, kindOf);
      const isOther = counts.kind(place) === OTHER;
      if (isOther) {
        this.othersTotal++;
        // What newcomers ask for is pages; the files of these say nothing of how many ask for what.
        const isPart = ((rows[at + INFO] as number) & PAGE_PART) !== 0;
        if (isPart && clients.firstSecond(slot) >= begun) return true;
      }
      if (counts.count(place) <= CLIENT_LINES_MAX) {
        const lines = isOther ? this.lines : strangers;
        lines.segments.push(segment);
        lines.at.push(at);
      }
      return true;
    });
    this.read = (lines) => new Looks(lines, evidence, clients, looks);
    this.strangers = this.read(strangers);
  }

  /** Read when somebody asks: where usual traffic speaks against everything, nobody does. */
  get others(): Looks {
    this.known ??= this.read(this.lines);
    return this.known;
  }
}

/** Where the looks begin that were read. */
export function offsetsOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index * TRAITS.length);
}
