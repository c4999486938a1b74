/**
 * What people set up by hand, for comparison: rules re-implemented from their documents, not the tools themselves. Each judges
 * one client's requests alone, in order of time, and bans once.
 */
import type { AccessEvent } from '../../src/simulate/access-event.ts';

/** True when the request is the one too many. Made anew for each client. */
type Judge = (event: AccessEvent) => boolean;

export interface HandWritten {
  readonly name: string;
  readonly judge: () => Judge;
}

const STATIC = /\.(css|js|png|jpe?g|gif|ico|svg|webp|woff2?|ttf|map|mp4|webm)$/i;
const pathOf = ({ path }: AccessEvent): string => path.split('?')[0] ?? '';

/** More than `most` of the requests that `counts` within a minute. */
function withinMinute(most: number, counts: (event: AccessEvent) => boolean): () => Judge {
  return () => {
    const times: number[] = [];
    return (event) => {
      if (!counts(event)) return false;
      times.push(event.timeMs);
      while ((times[0] ?? 0) <= event.timeMs - 60_000) times.shift();
      return times.length >= most;
    };
  };
}

interface Scenario {
  readonly capacity: number;
  readonly leakMs: number;
  readonly filter: (event: AccessEvent) => boolean;
  /** A path counts once while the bucket holds it. */
  readonly distinct?: boolean;
}

/** http-probing, http-crawl-non_statics, http-generic-bf, http-bf-wordpress_bf of CrowdSec's hub. */
const SCENARIOS: readonly Scenario[] = [
  {
    capacity: 10,
    leakMs: 10_000,
    distinct: true,
    filter: (event) => [400, 403, 404].includes(event.status) && !STATIC.test(pathOf(event)),
  },
  {
    capacity: 40,
    leakMs: 500,
    distinct: true,
    filter: (event) => ['GET', 'HEAD'].includes(event.method) && !STATIC.test(pathOf(event)),
  },
  { capacity: 5, leakMs: 10_000, filter: ({ method, status }) => method === 'POST' && [401, 403].includes(status) },
  {
    capacity: 5,
    leakMs: 10_000,
    filter: (event) => event.method === 'POST' && event.status === 200 && pathOf(event).endsWith('wp-login.php'),
  },
];

function leakyBucket({ capacity, leakMs, filter, distinct = false }: Scenario): Judge {
  let [level, lastMs] = [0, 0];
  const held = new Set<string>();
  return (event) => {
    if (!filter(event)) return false;
    level = Math.max(0, level - (event.timeMs - lastMs) / leakMs);
    lastMs = event.timeMs;
    if (level === 0) held.clear();
    if (distinct && held.has(pathOf(event))) return false;
    held.add(pathOf(event));
    level++;
    return level > capacity;
  };
}

export const HAND_WRITTEN: readonly HandWritten[] = [
  {
    name: '20 answers 4xx in a minute (the usual fail2ban jail)',
    judge: withinMinute(20, ({ status }) => status >= 400 && status < 500),
  },
  { name: '100 requests in a minute', judge: withinMinute(100, () => true) },
  {
    name: "leaky buckets of CrowdSec's base HTTP scenarios",
    judge: () => {
      const buckets = SCENARIOS.map(leakyBucket);
      // Each of them sees every request.
      return (event) => buckets.map((bucket) => bucket(event)).some(Boolean);
    },
  },
];

/** Who is banned at which second (epoch). */
export function findBans({ judge }: HandWritten, events: readonly AccessEvent[]): { ip: string; second: number }[] {
  const judges = new Map<string, Judge | 'banned'>();
  const bans: { ip: string; second: number }[] = [];
  for (const event of events) {
    const { ip } = event.from;
    const known = judges.get(ip) ?? judge();
    if (known === 'banned') continue;
    const isTooMany = known(event);
    judges.set(ip, isTooMany ? 'banned' : known);
    if (isTooMany) bans.push({ ip, second: Math.floor(event.timeMs / 1000) });
  }
  return bans;
}
