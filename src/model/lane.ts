/**
 * A lane stops requests by what they look like, not by who sends them: the answer to a swarm, whose addresses never come
 * back.
 */
import { isList, isObject, isOneOf, isOptional, isText, type Value } from './shape.ts';

/** Lanes at once, of both kinds: each costs nginx a few comparisons a request. */
export const LANES_MAX = 16;
/** However long a swarm lasts: what was usual before it is then too long ago to prove anything. */
export const LANE_SECONDS_MAX = 86_400;

/** Hold: answered slowly, or after proof. Deny: not answered. */
export type LaneAction = 'hold' | 'deny';

/** What a request must look like: one to three of these, all of which it meets, by the names that people and nginx know them by. */
export const isLaneMatch = isObject({
  /** The exact string; `-` for none. */
  user_agent: isOptional(isText),
  /** Without its query, exact; with `*` at its end a prefix. */
  path: isOptional(isText),
  /** The names in the query, each once, sorted; empty for a request without a query. */
  query_keys: isOptional(isList(isText)),
  /** CIDR. */
  network: isOptional(isText),
  method: isOptional(isText),
  referer: isOptional(isOneOf('absent', 'present')),
});
export type LaneMatch = Value<typeof isLaneMatch>;

/** Whom a match would have touched in the site's own past. */
export interface Backtest {
  /** Hours of usual traffic behind the numbers. */
  readonly hours: number;
  /** Clients of that traffic, and those of them with a request that matches. */
  readonly clients: number;
  readonly clientsMatched: number;
  readonly requests: number;
  readonly requestsMatched: number;
}

/** Why a network was banned for a swarm. */
export interface NetworkProof {
  /** Of the network in the last `seconds`, by clients never seen before. */
  readonly requests: number;
  readonly clients: number;
  readonly seconds: number;
  readonly rate: number;
  /** Share of the site's surplus that came from this network and the others banned with it, 0–1. */
  readonly coverage: number;
  /** Networks banned together. */
  readonly networks: number;
  readonly backtest: Backtest;
}

interface Lane {
  readonly event: 'lane';
  /** The same at both ends, and of no other lane of this site. */
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly action: LaneAction;
  readonly match: LaneMatch;
}

/** A swarm was found, and what it has in common harms nobody else. */
export interface LaneStart extends Lane {
  readonly phase: 'start';
  /** False where `swarm.action` is `alert`: the lane is reported, and nobody is stopped. */
  readonly opened: boolean;
  /** What came above normal, and by how many clients, in the last `seconds`. */
  readonly surplus: number;
  readonly clients: number;
  readonly seconds: number;
  /** Share of that surplus that matches, 0–1. */
  readonly coverage: number;
  /** Matching requests a second: now, and usually. */
  readonly rate: number;
  readonly usualRate: number;
  readonly backtest: Backtest;
}

/** The swarm is over, its lane began to touch others or gave way to another, or another lane follows after a day. */
export interface LaneEnd extends Lane {
  readonly phase: 'end';
  readonly durationSeconds: number;
  /** Requests that matched meanwhile. */
  readonly requests: number;
  /** Clients from before the swarm whose requests matched; there only when the lane ended because of them. */
  readonly clientsTouched?: number;
  /** There only when it ended although its swarm goes on: there was no room for a lane that stops clearly more. */
  readonly gaveWay?: true;
  /** Of the lane that takes its place: the swarm goes on after a day. */
  readonly followedBy?: string;
}

export type LaneEvent = LaneStart | LaneEnd;
