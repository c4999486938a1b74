/** A simulated site that was learned once; every trial forks what is known then and adds its own requests. */
import type { EngineState } from '../../src/engine/engine-state.ts';
import { ROW, SECOND, type Tally } from '../../src/parse/tally.ts';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { formatLine } from '../../src/simulate/format.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { SiteKind } from '../../src/simulate/site.ts';
import type { Parcel } from '../../src/traffic/merge.ts';
import { Bench } from './bench.ts';
import { describeSite, type TrialSite } from './site.ts';

/** Honest requests a second, mean over the day. */
const SITES = {
  shop: { site: 'shop', rateRps: 2.5 },
  blog: { site: 'blog', rateRps: 1 },
  api: { site: 'api', rateRps: 2 },
  cloud: { site: 'cloud', rateRps: 1.5 },
  mirror: { site: 'mirror', rateRps: 1.5 },
  /** Hardly anybody comes: little is ever known. */
  'idle blog': { site: 'blog', rateRps: 0.05 },
} as const satisfies Record<string, { site: SiteKind; rateRps: number }>;
export type SiteName = keyof typeof SITES;
export const SITE_NAMES = Object.keys(SITES) as SiteName[];

/** Monday, 0:00 UTC; forked at 15:00, when as many people come as all day. */
const START_MS = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;
const FORK_MS = START_MS + 15 * HOUR_MS;
/** What was learned is taken so long before the fork; the clients of the time between are in the window at the fork. */
const WARM_MS = 1_200_000;
const AFTER_MS = 3.6 * HOUR_MS;
const CHUNK_LINES = 1000;

export class Background {
  readonly name: SiteName;
  readonly site: TrialSite;
  readonly forkS = FORK_MS / 1000;
  /** Requests after the fork. */
  readonly after: readonly AccessEvent[];
  /** The same, parsed. */
  readonly rest: Parcel;
  /** Banned without any trial: no trial is blamed for them. */
  readonly known: ReadonlySet<string>;
  private readonly learned: EngineState;
  private readonly warm: Parcel;

  constructor(name: SiteName, seed: number) {
    this.name = name;
    const bench = new Bench();
    const after: AccessEvent[] = [];
    const warm: string[] = [];
    let before: string[] = [];
    const durationMs = FORK_MS + AFTER_MS - START_MS;
    for (const event of simulate({ ...SITES[name], seed, startMs: START_MS, durationMs, attacks: [] })) {
      if (event.timeMs >= FORK_MS) after.push(event);
      else if (event.timeMs >= FORK_MS - WARM_MS) warm.push(line(event));
      else if (before.push(line(event)) === CHUNK_LINES) {
        bench.run([bench.parse(0, before)]);
        before = [];
      }
    }
    bench.run([bench.parse(0, before)]);
    this.after = after;
    this.site = describeSite(SITES[name].site, seed, after, AFTER_MS / 1000);
    this.warm = bench.parse(0, warm);
    this.rest = bench.parse(0, after.map(line));
    this.learned = bench.engine.snapshot();
    const unchanged = this.fork();
    unchanged.run([this.rest]);
    this.known = new Set([...bench.bans, ...unchanged.bans].map(({ ip }) => ip));
  }

  /** An engine that knows the site, at the fork. */
  fork(): Bench {
    const bench = new Bench();
    bench.engine.restore(this.learned);
    bench.run([this.warm]);
    return bench;
  }
}

/** The requests of a parcel, in order of time, from one epoch second to before another. */
export function between(parcel: Parcel, from: number, to: number): Parcel {
  const { tally } = parcel;
  const [first, end] = [firstFrom(tally, from), firstFrom(tally, to)];
  return { ...parcel, tally: { ...tally, rows: tally.rows.subarray(first * ROW, end * ROW), count: end - first } };
}

function firstFrom({ rows, count }: Tally, second: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle * ROW + SECOND] as number) < second) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function line(event: AccessEvent): string {
  return formatLine(event, 'json');
}
