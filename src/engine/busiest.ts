/** The clients of the window that are worth a look: those nearest to a ban, and those with most requests. */
import { LIMITS, type Reached, type ReportReach } from '../detect/reach.ts';
import type { TopEntry } from '../model/event.ts';
import { formatClient } from '../net/client-key.ts';
import { requestOf } from '../parse/record.ts';
import { HIGH, INFO, LOW, STATUS_MASK } from '../parse/tally.ts';
import { Best, visitRecent } from '../traffic/busiest.ts';
import { cleanText } from '../traffic/evidence.ts';
import type { Engine } from './engine.ts';

/** Requests looked at of each client that is listed. */
const RECORDS_MAX = 20;

type BusiestSources = Pick<Engine, 'options' | 'clients' | 'window' | 'evidence' | 'points' | 'timeline'>;

/** A client of the window that is not banned. */
export interface BusyClient extends TopEntry {
  readonly nearest: Reached | null;
  /** Of its newest requests, without queries; null where they are no longer known. */
  readonly topPath: string | null;
  /** Its newest requests by the first digit of the status: 2xx, 3xx, 4xx, 5xx. */
  readonly statuses: readonly [number, number, number, number];
}

interface Candidate {
  readonly slot: number;
  readonly requests: number;
  readonly nearest: Reached | null;
}

/** Up to `max` by each of the two orders, the nearest to a ban first. */
export function listBusiest(sources: BusiestSources, max: number): BusyClient[] {
  const { options, clients, window } = sources;
  const near = new Best<Candidate>(max, ({ nearest }) => nearest?.share ?? 0);
  const busy = new Best<Candidate>(max, ({ requests }) => requests);
  const total = visitRecent(clients, (slot, requests) => {
    if (clients.bannedUntil(slot) > window.newest) return;
    let nearest: Reached | null = null;
    tellReach(sources, slot, (at, share, tolerated) => {
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
    name: formatClient(clients.high(slot), clients.low(slot), options.detection),
    requests,
    share: requests / total,
    nearest,
    ...(traces.get(slot) ?? { topPath: null, statuses: [0, 0, 0, 0] }),
  }));
}

/** How near the client is to its limits. */
function tellReach({ clients, window, points, timeline }: BusiestSources, slot: number, tell: ReportReach): void {
  points?.reach(slot, tell, window.newest);
  const allowance = points?.allowance(slot) ?? 1;
  const [requests, weight, errors] = [clients.requests(slot), clients.weight(slot), clients.errors(slot)];
  timeline.rules.reach(requests / allowance, weight / allowance, errors / allowance, tell);
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
