/** Which of the newest lines the site as a whole is compared by: those of a surge, and a few of ordinary traffic. */
import { USER_AGENT } from '../parse/fields.ts';
import type { LineValues } from '../parse/line-format.ts';
import { HIGH, LOW, SECOND } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence } from '../traffic/evidence.ts';
import { type NamedLine, readNamedLine, readSiteLine, type SiteLine } from './site-line.ts';

/** Lines of a surge that are looked at. */
const SURGE_LINES_MAX = 2000;
/** Lines may be written so many seconds after their time. */
const LATE_SECONDS = 60;
/** Every how manieth line is sampled, and how many at a time at most: reading a line costs microseconds. */
const SAMPLE_EVERY = 8;
const SAMPLED_MAX = 8;

const decoder = new TextDecoder();

/** The lines of a surge, and the second of the oldest. */
export interface SurgeLines {
  readonly lines: readonly NamedLine[];
  readonly from: number;
}

/** The newest lines from `since` on, of each client no more than `clientLinesMax`, so that no single one is the signature. */
export function readSurge(evidence: Evidence, clients: Clients, since: number, clientLinesMax: number): SurgeLines {
  const lines: NamedLine[] = [];
  let from = Number.POSITIVE_INFINITY;
  const counts = new Map<number, number>();
  evidence.walk((segment, at) => {
    const { rows } = segment.tally;
    const second = rows[at + SECOND] as number;
    const slot = clients.find(rows[at + HIGH] as number, rows[at + LOW] as number);
    const count = (counts.get(slot) ?? 0) + 1;
    counts.set(slot, count);
    if (second >= since && count <= clientLinesMax) {
      const record = evidence.record(segment, at);
      if (record) lines.push(readNamedLine(clients, rows, at, record));
      from = Math.min(from, second);
    }
    return lines.length < SURGE_LINES_MAX && second >= since - LATE_SECONDS;
  });
  return { lines, from };
}

/** A few of the newest `lines`, evenly spread; the newest is number `last` of all, so that it never matters how they are cut. */
export function readOrdinary(evidence: Evidence, clients: Clients, lines: number, last: number): SiteLine[] {
  const found: SiteLine[] = [];
  const every = Math.max(SAMPLE_EVERY, Math.ceil(lines / SAMPLED_MAX));
  let index = last;
  evidence.walk((segment, at) => {
    const { rows } = segment.tally;
    if (index % every === 0 && isOrdinary(clients, rows, at)) {
      const values = evidence.scan(segment, at);
      if (values) found.push(readSiteLine(clients, rows, at, agentOf(values)));
    }
    return --index > last - lines;
  });
  return found;
}

function agentOf({ bytes, starts, ends }: LineValues): string {
  const start = starts[USER_AGENT] as number;
  return start < 0 ? '' : decoder.decode(bytes.subarray(start, ends[USER_AGENT]));
}

/** Lines of clients that are flagged or banned are not ordinary. */
function isOrdinary(clients: Clients, rows: Uint32Array, at: number): boolean {
  const slot = clients.find(rows[at + HIGH] as number, rows[at + LOW] as number);
  const second = rows[at + SECOND] as number;
  if (slot < 0) return true;
  return clients.flaggedUntil(slot) < second && clients.bannedUntil(slot) <= second;
}
