/** What befalls the site itself, and with it everybody. */
import type { AccessEvent } from '../../src/simulate/access-event.ts';

/**
 * `outage`: the backend is down, what it should have made is answered 502 or 504; `broken deploy`: style sheets, scripts
 * and pictures are gone, 404; `gap`: nothing is logged.
 */
type IncidentKind = 'outage' | 'broken deploy' | 'gap';

export interface Incident {
  readonly kind: IncidentKind;
  /** After the start of the simulation, milliseconds. */
  readonly atMs: number;
  readonly durationMs: number;
}

/** Undefined is never logged. */
type Befall = (event: AccessEvent) => AccessEvent | undefined;

/** What becomes of the requests of a simulation that starts at `startMs`. */
export function* befallen(
  events: Iterable<AccessEvent>,
  startMs: number,
  incidents: readonly Incident[],
): Generator<AccessEvent> {
  for (const event of events) {
    const sinceMs = event.timeMs - startMs;
    const incident = incidents.find(({ atMs, durationMs }) => sinceMs >= atMs && sinceMs < atMs + durationMs);
    const changed = incident ? BEFALL[incident.kind](event) : event;
    if (changed) yield changed;
  }
}

const BEFALL: Readonly<Record<IncidentKind, Befall>> = {
  outage: (event) => (isFile(event) ? event : failed(event)),
  'broken deploy': (event) => (isFile(event) ? { ...event, status: 404, responseBytes: 548 } : event),
  gap: () => undefined,
};

function isFile(event: AccessEvent): boolean {
  return event.status === 206 || event.path.startsWith('/static/') || event.path.startsWith('/media/');
}

/** nginx serves files by itself while the backend is down. */
function failed(event: AccessEvent): AccessEvent {
  const isSlow = event.timeMs % 3 === 0;
  return { ...event, status: isSlow ? 504 : 502, responseBytes: 552, requestMs: isSlow ? 60_000 : 1 };
}
