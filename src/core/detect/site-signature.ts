/** What stands out while the site as a whole is anomalous: found once, from the newest lines. */
import type { GlobalAnomalyEvent, TopEntry } from '../event.ts';
import { clientPrefix, formatClient, IPV4_HIGH } from '../net/client-key.ts';
import { formatPrefix } from '../net/prefix.ts';
import { requestOf } from '../parse/record.ts';
import type { Clients } from '../traffic/clients.ts';
import { cleanText, type Evidence } from '../traffic/evidence.ts';

const TOP = 5;
/** Newest lines looked at for paths and user agents. */
const RECORDS_MAX = 2000;
/** Most recently seen clients looked at. */
const CLIENTS_MAX = 100_000;

type Signature = Pick<
  GlobalAnomalyEvent,
  'top_clients' | 'top_prefixes' | 'top_paths' | 'top_user_agents' | 'new_client_share'
>;

function add(counts: Map<string, number>, name: string, requests: number): void {
  counts.set(name, (counts.get(name) ?? 0) + requests);
}

function top(counts: ReadonlyMap<string, number>): TopEntry[] {
  let total = 0;
  for (const requests of counts.values()) total += requests;
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, TOP)
    .map(([name, requests]) => ({ name, requests, share: requests / total }));
}

/** The network that a client's neighbours share: /24 for IPv4, /48 for IPv6. */
function neighbourhood(high: number, low: number): string {
  if (high === IPV4_HIGH) return formatPrefix({ family: 4, value: BigInt((low & 0xffffff00) >>> 0), bits: 24 });
  return formatPrefix({ ...clientPrefix(high, (low & 0xffff0000) >>> 0, 64), bits: 48 });
}

/** The clients with most requests in the window, and how many requests the window holds. */
export function topClients(clients: Clients, ipv6Bits: number, max: number): TopEntry[] {
  let least = 1;
  let best: { slot: number; requests: number }[] = [];
  let total = 0;
  let seen = 0;
  for (const slot of clients.recent()) {
    if (++seen > CLIENTS_MAX) break;
    const requests = clients.requests[slot] as number;
    total += requests;
    if (requests < least) continue;
    best.push({ slot, requests });
    if (best.length < max * 8) continue;
    best = best.sort((a, b) => b.requests - a.requests).slice(0, max);
    least = Math.max(1, best.at(-1)?.requests ?? 1);
  }
  return best
    .sort((a, b) => b.requests - a.requests || a.slot - b.slot)
    .slice(0, max)
    .map(({ slot, requests }) => ({
      name: formatClient(clients.high(slot), clients.low(slot), ipv6Bits),
      requests,
      share: requests / total,
    }));
}

/**
 * The signature at `second`, the newest of a window of `windowSeconds`. Paths and user agents are those of the last
 * `averagedSeconds`, over which the rate was judged: before them the lines are of ordinary traffic.
 */
export function findSignature(
  clients: Clients,
  evidence: Evidence,
  ipv6Bits: number,
  second: number,
  windowSeconds: number,
  averagedSeconds: number,
): Signature {
  const prefixes = new Map<string, number>();
  let newcomers = 0;
  let seen = 0;
  for (const slot of clients.recent()) {
    const requests = clients.requests[slot] as number;
    if (++seen > CLIENTS_MAX) break;
    if (requests === 0) continue;
    add(prefixes, neighbourhood(clients.high(slot), clients.low(slot)), requests);
    if ((clients.firstSecond[slot] as number) > second - windowSeconds) newcomers++;
  }
  const paths = new Map<string, number>();
  const agents = new Map<string, number>();
  for (const record of evidence.records(second - averagedSeconds + 1, RECORDS_MAX)) {
    add(paths, cleanText(requestOf(record).path.replace(/[?#].*$/s, '')), 1);
    add(agents, cleanText(record.user_agent ?? '-'), 1);
  }
  return {
    top_clients: topClients(clients, ipv6Bits, TOP),
    top_prefixes: top(prefixes),
    top_paths: top(paths),
    top_user_agents: top(agents),
    new_client_share: clients.active === 0 ? 0 : newcomers / clients.active,
  };
}
