/** Reads the newest lines for their looks: those of strangers and, to see whom a lane would touch now, those of others. */
import { HIGH, INFO, LOW, NEWCOMER, PAGE_PART, SECOND, URL } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence, Segment } from '../traffic/evidence.ts';
import { spread } from '../traffic/hash.ts';
import { ClientLines } from './client-lines.ts';
import type { LineLooks } from './line-looks.ts';
import { readLook, TRAITS } from './look.ts';

/** Lines read of each kind, all of some clients: reading one takes time. */
const READ_MAX = 1000;
/** Of so many newcomers' lines all are looked up; of more between so many and twice as many. */
const NEWCOMER_LINES_MAX = 250;
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
  readonly slots: number[];
}

/** Lines of one kind, of which some were read. */
export class Looks {
  /** All lines, those that were left out included. */
  readonly total: number;
  /** Those read: hashes of their traits, whose they are, and of when. */
  count = 0;
  readonly hashes = new Uint32Array(READ_MAX * TRAITS.length);
  readonly slots = new Int32Array(READ_MAX);
  readonly seconds = new Uint32Array(READ_MAX);
  readonly lines: Line[] = [];
  private readonly evidence: Evidence;
  private readonly looks: LineLooks;

  /** The lines are some of those of their kind: one of `everyLine`. */
  constructor(lines: LineColumns, everyLine: number, evidence: Evidence, looks: LineLooks) {
    const { length } = lines.at;
    this.total = length * everyLine;
    this.evidence = evidence;
    this.looks = looks;
    const every = Math.ceil(length / READ_MAX);
    for (let i = 0; i < length && this.count < READ_MAX; i++) {
      const slot = lines.slots[i] as number;
      if (spread(slot) % every !== 0) continue;
      const segment = lines.segments[i] as Segment;
      const at = lines.at[i] as number;
      if (!looks.read(segment, at, this.hashes, this.count * TRAITS.length)) continue;
      const { rows } = segment.tally;
      this.lines.push({ segment, at });
      this.seconds[this.count] = rows[at + SECOND] as number;
      this.slots[this.count++] = slot;
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

/** The client whose line is read; -1 of one that was banned by then, or is forgotten. */
function findWhose(clients: Clients, rows: Segment['tally']['rows'], at: number): number {
  const slot = clients.find(rows[at + HIGH] as number, rows[at + LOW] as number);
  return slot >= 0 && clients.bannedUntil(slot) <= (rows[at + SECOND] as number) ? slot : -1;
}

/**
 * One of so many lines shows what clients do who came since `begun`; a power of two. It counts what is read: not what came before `since`,
 * nor lines of those who are banned.
 */
export function samplingOf(evidence: Evidence, clients: Clients, since: number, begun: number): number {
  const lines = evidence.count(({ tally: { rows } }, at) => {
    const second = rows[at + SECOND] as number;
    if (second < since) return false;
    const slot = findWhose(clients, rows, at);
    return slot >= 0 && clients.firstSecond(slot) >= begun;
  });
  return 2 ** Math.floor(Math.log2(Math.max(1, lines / NEWCOMER_LINES_MAX)));
}

/** Whose lines are read, and which. */
export interface LinesWanted {
  readonly since: number;
  /** Everybody else is one of the others. */
  readonly isStranger: (slot: number) => boolean;
  /** Newcomers came since then. */
  readonly begun: number;
  /** One of so many lines of newcomers is looked up. */
  readonly every: number;
}

/**
 * The newest lines by whose they are. Which of newcomers' many lines are looked up depends on the installation's key, so that
 * nobody outside knows. What those did who came before is looked up whole.
 */
export class SwarmLines {
  readonly strangers: Looks;
  readonly every: number;
  /** All lines of others, read or not. */
  othersTotal = 0;
  private readonly lines: LineColumns = { segments: [], at: [], slots: [] };
  private readonly read: (lines: LineColumns, every: number) => Looks;
  /** Shows the lines from before those that were read, newest first, as far back as they are kept: whose, and two words of the tally. */
  readonly walkEarlier: (visit: (slot: number, url: number, info: number) => void) => void;
  private known: Looks | undefined;

  constructor(evidence: Evidence, clients: Clients, looks: LineLooks, wanted: LinesWanted) {
    const { since, isStranger, begun, every } = wanted;
    const { hashKey } = looks.hasher.options;
    const strangers: LineColumns = { segments: [], at: [], slots: [] };
    const kindOf = (slot: number) => (isStranger(slot) ? STRANGER : OTHER);
    this.every = every;
    counts.clear();
    evidence.walkSome(NEWCOMER, every, hashKey, (segment, at, isOneOfEvery) => {
      const { rows } = segment.tally;
      const second = rows[at + SECOND] as number;
      if (second < since) return second >= since - LATE_SECONDS;
      const slot = findWhose(clients, rows, at);
      if (slot < 0) return true;
      const isNewcomer = clients.firstSecond(slot) >= begun;
      if (isNewcomer && !isOneOfEvery) return true;
      const place = counts.place(slot, kindOf);
      const isOther = counts.kind(place) === OTHER;
      if (isOther) {
        this.othersTotal += isNewcomer ? every : 1;
        // What newcomers ask for is pages; the files of these say nothing of how many ask for what.
        if (isNewcomer && ((rows[at + INFO] as number) & PAGE_PART) !== 0) return true;
      }
      if (counts.count(place) <= CLIENT_LINES_MAX) {
        const lines = isOther ? this.lines : strangers;
        lines.segments.push(segment);
        lines.at.push(at);
        lines.slots.push(slot);
      }
      return true;
    });
    this.walkEarlier = (visit) =>
      evidence.walk(({ tally: { rows } }, at) => {
        const slot = (rows[at + SECOND] as number) < since ? findWhose(clients, rows, at) : -1;
        if (slot >= 0) visit(slot, rows[at + URL] as number, rows[at + INFO] as number);
        return true;
      });
    this.read = (lines, everyLine) => new Looks(lines, everyLine, evidence, looks);
    this.strangers = this.read(strangers, every);
  }

  /** Read when somebody asks: where usual traffic speaks against everything, nobody does. */
  get others(): Looks {
    this.known ??= this.read(this.lines, 1);
    return this.known;
  }
}

/** Where the looks begin that were read. */
export function offsetsOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index * TRAITS.length);
}
