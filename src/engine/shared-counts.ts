/** The engine's end of counts that several hosts share: what it has to say of its clients, and whom others speak of. */
import type { Overflow, Points } from '../detect/points.ts';
import { placeOf, RULES, type RuleName } from '../detect/rules.ts';
import { type ClientScheme, findWholeClient, formatClient } from '../net/client-key.ts';
import { parsePrefix } from '../net/prefix.ts';
import { UnreportedPoints } from '../share/unreported-points.ts';
import type { Clients } from '../traffic/clients.ts';

/** Clients that one hand-out speaks of at most. */
export const CLIENTS_SAID_MAX = 5000;

/** Points of one rule that a client collected here since it was last spoken of, with what this host tolerates of it. */
export interface Count {
  readonly rule: RuleName;
  readonly points: number;
  readonly limit: number;
  /** Points that drain a second. */
  readonly leak: number;
}

export interface ClientCounts {
  /** Canonical text of the client, which all hosts write alike. */
  readonly client: string;
  readonly counts: readonly Count[];
}

/** A client that all hosts together have counted too much of. */
export interface SharedOffence extends Count {
  readonly client: string;
}

/** What the traffic thread is told in one exchange. */
export interface SharedNews {
  /** Hosts that share counts, this one included. */
  readonly hosts: number;
  /** Clients put on watch, with the seconds that it lasts from now on. */
  readonly watch: readonly { readonly client: string; readonly seconds: number }[];
  readonly offences: readonly SharedOffence[];
}

/** What it says in return. */
export interface SharedCountsResult {
  readonly said: readonly ClientCounts[];
  /** Clients that found no room in hand-outs so far. */
  readonly leftOut: number;
  readonly watched: number;
}

export class SharedCounts {
  private readonly unreported: UnreportedPoints;
  private readonly points: Points;
  private readonly clients: Clients;
  private readonly scheme: ClientScheme;

  constructor(points: Points, clients: Clients, scheme: ClientScheme) {
    this.unreported = new UnreportedPoints(RULES.length);
    this.unreported.reserve(clients.capacity);
    points.unreported = this.unreported;
    this.points = points;
    this.clients = clients;
    this.scheme = scheme;
  }

  /** Takes news in and says what is due at the engine's clock `second`; `judge` is called for each offence of a known client. */
  exchange(
    { hosts, watch, offences }: SharedNews,
    second: number,
    judge: (slot: number, overflow: Overflow) => void,
  ): SharedCountsResult {
    this.unreported.setHosts(hosts, (slot, rule) => this.points.limit(slot, rule));
    for (const { client, seconds } of watch) {
      const slot = this.findSlot(client);
      if (slot >= 0) this.unreported.watch(slot, second + Math.ceil(seconds));
    }
    for (const { client, rule, points, limit, leak } of offences) {
      const slot = this.findSlot(client);
      if (slot < 0) continue;
      const numbers = { rule, points, pointsLimit: limit, pointsLeak: leak * 60 };
      judge(slot, { condition: 'fleet', numbers });
    }
    const said = this.unreported
      .take(CLIENTS_SAID_MAX, (slot) => this.worth(slot))
      .map(({ slot, deltas }) => ({
        client: formatClient(this.clients.high(slot), this.clients.low(slot), this.scheme),
        counts: RULES.flatMap(({ name }, rule) => {
          const points = deltas[rule] ?? 0;
          return points === 0 ? [] : [this.count(slot, name, points)];
        }),
      }));
    return { said, leftOut: this.unreported.leftOut, watched: this.unreported.countWatched(second) };
  }

  private count(slot: number, rule: RuleName, points: number): Count {
    const place = placeOf(rule);
    return { rule, points, limit: this.points.limit(slot, place), leak: this.points.leak(slot, place) };
  }

  /** How near the client is to its limits. */
  private worth(slot: number): number {
    let nearest = 0;
    this.points.reach(slot, (_, share) => (nearest = Math.max(nearest, share)));
    return nearest;
  }

  private findSlot(client: string): number {
    const prefix = parsePrefix(client);
    const key = prefix && findWholeClient(prefix, this.scheme);
    return key ? this.clients.find(key.high, key.low) : -1;
  }
}
