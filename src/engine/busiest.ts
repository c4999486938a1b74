/** The clients of the window that are worth a look: those nearest to a ban, and those with most requests. */
import { LIMITS, type LimitName, type ReportReach } from '../detect/reach.ts';
import type { TopEntry } from '../model/event.ts';
import { type ClientScheme, formatClient } from '../net/client-key.ts';
import { requestOf } from '../parse/record.ts';
import { HIGH, INFO, LOW, STATUS_MASK } from '../parse/tally.ts';
import { Best, visitRecent } from '../traffic/busiest.ts';
import type { Clients } from '../traffic/clients.ts';
import { cleanText, type Evidence } from '../traffic/evidence.ts';

/** Requests looked at of each client that is listed. */
const RECORDS_MAX = 20;

export interface BusiestSources {
  readonly clients: Clients;
  readonly evidence: Evidence;
  /** Tells how near the client in a slot is to its limits. */
  readonly reach: (slot: number, tell: ReportReach) => void;
  /** The log's clock. */
  readonly newest: number;
  readonly scheme: ClientScheme;
}

/** How near a client is to the limit that it is nearest to. */
interface NearestLimit {
  readonly limit: LimitName;
  /** From 1 on it would be banned. */
  readonly share: number;
  /** The limit: points, or requests in a window. */
  readonly tolerated: number;
}

/** A client of the window that is not banned. */
export interface BusyClient extends TopEntry {
  readonly nearest: NearestLimit | null;
  /** Of its newest requests, without queries; null where they are no longer known. */
  readonly topPath: string | null;
  /** Its newest requests by the first digit of the status: 2xx, 3xx, 4xx, 5xx. */
  readonly statuses: readonly [number, number, number, number];
}

interface Candidate {
  readonly slot: number;
  readonly requests: number;
  readonly nearest: NearestLimit | null;
}

/** Up to `max` by each of the two orders, the nearest to a ban first. */
export function listBusiest(sources: BusiestSources, max: number): BusyClient[] {
  const { clients, newest, scheme, reach } = sources;
  const near = new Best<Candidate>(max, ({ nearest }) => nearest?.share ?? 0);
  const busy = new Best<Candidate>(max, ({ requests }) => requests);
  const total = visitRecent(clients, (slot, requests) => {
    if (clients.bannedUntil(slot) > newest) return;
    let nearest: NearestLimit | null = null;
    reach(slot, (at, share, tolerated) => {
      const limit = LIMITS[at];
      if (limit !== undefined && share > (nearest?.share ?? 0)) nearest = { limit, share, tolerated };
    });
    const candidate = { slot, requests, nearest };
    near.add(candidate);
    busy.add(candidate);
  });
  const listed = [...new Set([...near.take(), ...busy.take()])];
  const traces = findTraces(sources, new Set(listed.map(({ slot }) => slot)));
  return listed.map(({ slot, requests, nearest }) => ({
    name: formatClient(clients.high(slot), clients.low(slot), scheme),
    requests,
    share: requests / total,
    nearest,
    ...(traces.get(slot) ?? { topPath: null, statuses: [0, 0, 0, 0] }),
  }));
}

/** What the newest lines say of these clients. */
function findTraces({ clients, evidence }: BusiestSources, slots: ReadonlySet<number>) {
  const found = new Map<
    number,
    { paths: Map<string, number>; records: number; statuses: [number, number, number, number] }
  >();
  evidence.walk((segment, at) => {
    const { rows } = segment.tally;
    const slot = clients.find(rows[at + HIGH] as number, rows[at + LOW] as number);
    if (!slots.has(slot)) return true;
    const trace = found.get(slot) ?? { paths: new Map(), records: 0, statuses: [0, 0, 0, 0] };
    found.set(slot, trace);
    const digit = Math.floor(((rows[at + INFO] as number) & STATUS_MASK) / 100);
    if (digit >= 2 && digit <= 5) trace.statuses[digit - 2] = (trace.statuses[digit - 2] ?? 0) + 1;
    const record = trace.records++ < RECORDS_MAX ? evidence.record(segment, at) : undefined;
    const path = record && cleanText(requestOf(record).path.split('?', 1)[0] ?? '');
    if (path) trace.paths.set(path, (trace.paths.get(path) ?? 0) + 1);
    return true;
  });
  return new Map(
    [...found].map(([slot, { paths, statuses }]) => {
      const [top] = [...paths].sort(([, a], [, b]) => b - a);
      return [slot, { topPath: top?.[0] ?? null, statuses }] as const;
    }),
  );
}
