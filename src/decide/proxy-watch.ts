/**
 * Notices that a log shows a proxy's address instead of its visitors': one client that makes most of the site's requests,
 * with the user agents of many, minute after minute. Banning it would shut out everybody.
 */

import { isIpv4Client } from '../net/client-key.ts';
import type { Evidence } from '../traffic/evidence.ts';

/** Requests in the last minute from which on shares say something. */
const WATCHED_LINES_MIN = 60;
/** Requests of the last minute that are looked at. */
const WATCHED_LINES = 2000;
/** Minutes looked back. */
const MINUTES_MAX = 60;
/** What a client must show, in how many of the last minutes. Addresses of a private network are hardly ever visitors. */
const PRIVATE = { share: 0.5, agents: 10, minutes: 2 } as const;
const PUBLIC = { share: 0.8, agents: 20, minutes: 30 } as const;

/** A client that is taken for a proxy. */
export interface ProxyClient {
  readonly high: number;
  readonly low: number;
  readonly share: number;
  readonly agents: number;
  /** Anybody can have an address outside of private networks. */
  readonly isPublic: boolean;
}

export class ProxyWatch {
  /** The proxy there is, as far as can be told. */
  proxy: ProxyClient | undefined;
  private suspect: { readonly high: number; readonly low: number } | undefined;
  private minutes = 0;

  /** A minute is over: true when another client is taken for a proxy than before, or none any more. */
  closeMinute(evidence: Pick<Evidence, 'findBusiest' | 'countAgents'>): boolean {
    const busiest = evidence.findBusiest(WATCHED_LINES_MIN, WATCHED_LINES);
    if (!busiest) return false;
    const { high, low, share } = busiest;
    const wanted = isPrivate(busiest) ? PRIVATE : PUBLIC;
    const agents = share >= wanted.share ? evidence.countAgents(high, low) : 0;
    const shows = agents >= wanted.agents;
    const same = shows && high === this.suspect?.high && low === this.suspect.low;
    if (same) this.minutes = Math.min(MINUTES_MAX, this.minutes + 1);
    else if (this.minutes > 1) this.minutes--;
    else {
      this.suspect = shows ? { high, low } : undefined;
      this.minutes = shows ? 1 : 0;
    }
    const before = this.proxy;
    if (this.minutes === 0) this.proxy = undefined;
    else if (same && this.minutes >= wanted.minutes)
      this.proxy = { high, low, share, agents, isPublic: wanted === PUBLIC };
    return before?.high !== this.proxy?.high || before?.low !== this.proxy?.low;
  }
}

/** In a network that is not routed on the Internet: RFC 1918, RFC 6598, RFC 4193. */
function isPrivate({ high, low }: Pick<ProxyClient, 'high' | 'low'>): boolean {
  if (!isIpv4Client(high)) return high >>> 25 === 0xfc >>> 1;
  return low >>> 24 === 10 || low >>> 20 === 0xac1 || low >>> 16 === 0xc0a8 || low >>> 22 === 0x6440 >>> 6;
}
