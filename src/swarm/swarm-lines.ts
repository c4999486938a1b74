/** Reads the newest lines for their looks: those of strangers and, to see whom a lane would touch now, those of others. */

import { HIGH, INFO, LOW, PAGE_PART, SECOND } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence, Segment } from '../traffic/evidence.ts';
import { readLook, TRAITS } from './look.ts';
import type { LookHasher } from './look-hasher.ts';

/** Lines read of each kind, evenly spread: reading one takes microseconds. */
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
  private readonly hasher: LookHasher;

  constructor(lines: readonly Line[], evidence: Evidence, clients: Clients, hasher: LookHasher) {
    this.total = lines.length;
    this.evidence = evidence;
    this.hasher = hasher;
    const every = Math.ceil(lines.length / READ_MAX);
    for (let i = 0; i < lines.length; i += every) {
      const line = lines[i] as Line;
      const { segment, at } = line;
      const { rows } = segment.tally;
      const [high, low] = [rows[at + HIGH] as number, rows[at + LOW] as number];
      const values = evidence.scan(segment, at);
      if (!values) continue;
      hasher.hash(values, high, low, this.hashes, this.count * TRAITS.length);
      this.lines.push(line);
      this.seconds[this.count] = rows[at + SECOND] as number;
      this.slots[this.count++] = clients.find(high, low);
    }
  }

  /** Lines for each one that was read. */
  get times(): number {
    return this.total / this.count;
  }

  /** The text of a trait in the look that begins at `at`; undefined where the request lacks it. */
  textOf(trait: number, at: number): string | undefined {
    const line = this.lines[at / TRAITS.length];
    const record = line && this.evidence.record(line.segment, line.at);
    if (!record) return undefined;
    const { rows } = line.segment.tally;
    const [high, low] = [rows[line.at + HIGH] as number, rows[line.at + LOW] as number];
    return readLook(record, high, low, this.hasher.options)[trait];
  }
}

/** The newest lines by whose they are. */
export class SwarmLines {
  readonly strangers: Looks;
  /** All lines of others, read or not. */
  readonly othersTotal: number = 0;
  private readonly lines: readonly Line[];
  private readonly read: (lines: readonly Line[]) => Looks;
  private known: Looks | undefined;

  /** The lines since `since` of those that `isStranger`, and of all others who are not banned; newcomers came since `begun`. */
  constructor(
    evidence: Evidence,
    clients: Clients,
    hasher: LookHasher,
    since: number,
    isStranger: (slot: number) => boolean,
    begun: number,
  ) {
    const [strangers, others] = [[] as Line[], [] as Line[]];
    const counts = new Map<number, number>();
    for (const line of findLines(evidence, since)) {
      const { rows } = line.segment.tally;
      const slot = clients.find(rows[line.at + HIGH] as number, rows[line.at + LOW] as number);
      if (slot < 0 || clients.bannedUntil(slot) > (rows[line.at + SECOND] as number)) continue;
      const kind = isStranger(slot) ? strangers : others;
      if (kind === others) {
        this.othersTotal++;
        // What newcomers ask for is pages; the files of these say nothing of how many ask for what.
        const isPart = ((rows[line.at + INFO] as number) & PAGE_PART) !== 0;
        if (isPart && clients.firstSecond(slot) >= begun) continue;
      }
      const own = (counts.get(slot) ?? 0) + 1;
      counts.set(slot, own);
      if (own <= CLIENT_LINES_MAX) kind.push(line);
    }
    this.read = (lines) => new Looks(lines, evidence, clients, hasher);
    this.strangers = this.read(strangers);
    this.lines = others;
  }

  /** Read when somebody asks: where usual traffic speaks against everything, nobody does. */
  get others(): Looks {
    this.known ??= this.read(this.lines);
    return this.known;
  }
}

/** The lines since `since`, newest first. */
function findLines(evidence: Evidence, since: number): Line[] {
  const lines: Line[] = [];
  evidence.walk((segment, at) => {
    const second = segment.tally.rows[at + SECOND] as number;
    if (second >= since) lines.push({ segment, at });
    return second >= since - LATE_SECONDS;
  });
  return lines;
}

/** Where the looks begin that were read. */
export function offsetsOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index * TRAITS.length);
}
