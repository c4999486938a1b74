/** Tells networks whose clients attack from those that a few attackers share with people. */
import type { SeenClient } from '../detect/client-rules.ts';
import { Networks } from '../detect/networks.ts';
import type { Overflow, Points } from '../detect/points.ts';
import type { ClientScheme } from '../net/client-key.ts';
import { isWithin, type NetworkKey } from '../net/client-network.ts';
import type { PointsOptions } from '../settings/engine-settings.ts';
import type { Clients } from '../traffic/clients.ts';

/** So many attack where a network is banned, and as many more for each client that is served there: fewer are banned one by one. */
const ATTACKERS_MIN = 4;
/**
 * A client attacks from this share of its own limit on, and from so much more for each request, up to so many, that it was
 * served where others are: people have an old link or a mistyped password beside what they read.
 */
const [ATTACKER_SHARE, SERVED_SHARE, SERVED_MAX] = [0.02, 0.05, 4];
/** A network that was spared for the people in it, or that is protected, is not looked at again for so many seconds. */
const [SPARED_SECONDS, PROTECTED_SECONDS] = [60, 3600];

/** What the clients of a network did: sums over the window, as of one client. */
interface SeenNetwork extends SeenClient {
  /** Those that attack, or are banned. */
  readonly attackers: number;
  /** Those that were lately served what others are served, once at least, and do nothing else. */
  readonly served: number;
}

/** A network whose clients attack. */
export interface NetworkAttack {
  readonly network: NetworkKey;
  readonly overflow: Overflow;
  readonly seen: SeenNetwork;
}

export class NetworkWatch {
  private readonly clients: Clients;
  private readonly points: Points;
  private readonly networks: Networks;

  constructor(options: PointsOptions, scheme: ClientScheme, clients: Clients, points: Points) {
    this.clients = clients;
    this.points = points;
    this.networks = new Networks(options, scheme);
  }

  /** Counts the newest request, of a client without a history, against its networks; `bytes` is the size of the answer. */
  add(slot: number, bytes: number, second: number): NetworkAttack | undefined {
    const { clients, points, networks } = this;
    const found = networks.add(clients.high(slot), clients.low(slot), points, bytes, second);
    if (!found) return undefined;
    const seen = this.look(found.network, second);
    const { attackers, served } = seen;
    const isAttack = attackers >= ATTACKERS_MIN * Math.max(1, served);
    networks.settle(found.network, isAttack ? 0 : second + SPARED_SECONDS);
    return isAttack ? { ...found, seen } : undefined;
  }

  /** The network may not be banned: it is not judged again soon. */
  refuse(network: NetworkKey, second: number): void {
    this.networks.settle(network, second + PROTECTED_SECONDS);
  }

  /** What may be banned has changed. */
  judgeRefusedAgain(): void {
    this.networks.wake();
  }

  /** Looks at all clients there are: only for a network whose bucket ran over. */
  private look(network: NetworkKey, second: number): SeenNetwork {
    const { clients, points } = this;
    let [requests, weight, errors, attackers, served, first] = [0, 0, 0, 0, 0, second];
    for (let slot = 0; slot < clients.size; slot++) {
      if (!isWithin(network, clients.high(slot), clients.low(slot))) continue;
      const isBanned = clients.bannedUntil(slot) > second;
      const usual = points.served(slot);
      const tolerated = ATTACKER_SHARE + SERVED_SHARE * Math.min(SERVED_MAX, usual);
      if (isBanned || points.suspicion(slot, second) >= tolerated) attackers++;
      else if (Math.round(usual) > 0) served++;
      if (clients.requests(slot) === 0) continue;
      requests += clients.requests(slot);
      weight += clients.weight(slot);
      errors += clients.errors(slot);
      first = Math.min(first, clients.firstSecond(slot));
    }
    return { requests, weight, errors, attackers, served, seconds: second - first + 1 };
  }
}
