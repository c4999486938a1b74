/** Reads the newest lines for their looks: those of strangers and, to see whom a lane would touch now, those of others. */

import { HIGH, INFO, LOW, PAGE_PART, SECOND } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence, Segment } from '../traffic/evidence.ts';
import { hashLook, type LookOptions, readLook, TRAITS } from './look.ts';

/** Lines read of each kind, evenly spread: reading one takes microseconds. */
const READ_MAX = 1000;
/** Lines of one client that count: no single one is a swarm. */
const CLIENT_LINES_MAX = 5;
/** Lines may be written so many seconds after their time. */
const LATE_SECONDS = 60;

/** Lines of one kind, of which some were read. */
export class Looks {
  /** All lines. */
  total = 0;
  /** Those read: hashes of their traits, whose they are, and of when. */
  count = 0;
  readonly hashes = new Uint32Array(READ_MAX * TRAITS.length);
  readonly slots = new Int32Array(READ_MAX);
  readonly seconds = new Uint32Array(READ_MAX);

  add(
    slot: number,
    second: number,
    texts: readonly (string | undefined)[],
    hashKey: number,
    names: Map<string, string>,
  ): void {
    if (this.count === READ_MAX) return;
    const at = this.count * TRAITS.length;
    hashLook(texts, hashKey, this.hashes, at);
    this.seconds[this.count] = second;
    this.slots[this.count++] = slot;
    for (const [trait, text] of texts.entries()) {
      if (text !== undefined) names.set(`${trait} ${this.hashes[at + trait]}`, text);
    }
  }
}

export interface SwarmLines {
  readonly strangers: Looks;
  readonly others: Looks;
  /** Files of pages that newcomers loaded, which are not among the others' lines. */
  readonly parts: number;
  /** Texts by trait and hash. */
  readonly names: ReadonlyMap<string, string>;
}

/** The lines since `since` of those that `isStranger`, and of all others who are not banned. */
export function readLines(
  evidence: Evidence,
  clients: Clients,
  options: LookOptions,
  since: number,
  isStranger: (slot: number) => boolean,
): SwarmLines {
  const [strangers, others] = [new Looks(), new Looks()];
  const names = new Map<string, string>();
  let parts = 0;
  const visit = (see: (kind: Looks, nth: number, read: () => void) => void, skip = () => {}): void => {
    const lines = new Map<number, number>();
    const nth = new Map<Looks, number>();
    visitLines(evidence, since, (second, segment, at) => {
      const { rows } = segment.tally;
      const [high, low] = [rows[at + HIGH] as number, rows[at + LOW] as number];
      const slot = clients.find(high, low);
      if (slot < 0 || clients.bannedUntil(slot) > second) return;
      const kind = isStranger(slot) ? strangers : others;
      // What newcomers ask for is pages; the files of these say nothing of how many ask for what.
      const isPart = ((rows[at + INFO] as number) & PAGE_PART) !== 0;
      if (kind === others && isPart && clients.firstSecond(slot) >= since) return skip();
      if (kind === strangers) {
        const own = (lines.get(slot) ?? 0) + 1;
        lines.set(slot, own);
        if (own > CLIENT_LINES_MAX) return;
      }
      const index = nth.get(kind) ?? 0;
      nth.set(kind, index + 1);
      see(kind, index, () => {
        const record = evidence.record(segment, at);
        if (record) kind.add(slot, second, readLook(record, high, low, options), options.hashKey, names);
      });
    });
  };
  visit(
    (kind) => {
      kind.total++;
    },
    () => {
      parts++;
    },
  );
  const every = new Map([strangers, others].map((kind) => [kind, Math.ceil(kind.total / READ_MAX)]));
  visit((kind, nth, read) => {
    if (nth % (every.get(kind) ?? 1) === 0) read();
  });
  return { strangers, others, parts, names };
}

/** Shows the lines since `since`, newest first. */
export function visitLines(
  evidence: Evidence,
  since: number,
  visit: (second: number, segment: Segment, at: number) => void,
): void {
  evidence.walk((segment, at) => {
    const second = segment.tally.rows[at + SECOND] as number;
    if (second < since - LATE_SECONDS) return false;
    if (second >= since) visit(second, segment, at);
    return true;
  });
}

/** Where the looks begin that were read. */
export function offsetsOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index * TRAITS.length);
}
