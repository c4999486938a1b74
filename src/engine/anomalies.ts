/** Finds anomalies: facts with their numbers, and with all that a decision about them needs. What follows is decided elsewhere. */
import type { ClientRules, SeenClient } from '../detect/client-rules.ts';
import type { Overflow, Points } from '../detect/points.ts';
import type { Evidence as Numbers } from '../model/event.ts';
import type { NetworkProof } from '../model/lane.ts';
import { type ClientScheme, formatIpv4 } from '../net/client-key.ts';
import { type BanKey, isWithin, type NetworkKey } from '../net/client-network.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence } from '../traffic/evidence.ts';
import type { Window } from '../traffic/window.ts';
import type { NetworkAttack } from './network-watch.ts';

/** A client has a history when it came this long ago, and is served what others are served. */
const HISTORY_SECONDS = 1800;

/** A client or network that left what is tolerated. */
export interface Anomaly {
  readonly key: BanKey;
  readonly numbers: Numbers;
  /** It was served well for a while: the fuse protects it. */
  readonly hasHistory: boolean;
  /** All that counts against it is how much it asked for. */
  readonly isMild: boolean;
  /** Clients in the window. */
  readonly clients: number;
}

export class Anomalies {
  /** Has the rules in force, which change with the baseline. */
  private readonly timeline: { readonly rules: ClientRules };
  private readonly scheme: ClientScheme;
  private readonly clients: Clients;
  private readonly window: Window;
  private readonly evidence: Evidence;
  private readonly points: Points | undefined;

  constructor(
    timeline: { readonly rules: ClientRules },
    scheme: ClientScheme,
    clients: Clients,
    window: Window,
    evidence: Evidence,
    points: Points | undefined,
  ) {
    this.timeline = timeline;
    this.scheme = scheme;
    this.clients = clients;
    this.window = window;
    this.evidence = evidence;
    this.points = points;
  }

  /** Judges a client, by the points that `overflow` if there are any, else by its window; once while it goes on. */
  ofClient(slot: number, overflow: Overflow | undefined): Anomaly | undefined {
    const { clients, window, points } = this;
    const { rules } = this.timeline;
    const seen: SeenClient = {
      requests: clients.requests(slot),
      weight: clients.weight(slot),
      errors: clients.errors(slot),
      seconds: window.newest - clients.firstSecond(slot) + 1,
    };
    const anomaly = overflow
      ? rules.describe(seen, overflow.condition)
      : rules.findAnomaly(seen, points?.allowance(slot), points?.probing);
    if (!anomaly) return undefined;
    const known = clients.flaggedUntil(slot) >= window.newest;
    clients.flag(slot, window.newest + window.seconds);
    if (known) return undefined;
    points?.disown();
    const [high, low] = [clients.high(slot), clients.low(slot)];
    const samples = this.evidence.samples(high, low);
    const numbers = rules.evidence(anomaly, seen, samples, overflow);
    const ipv4 = formatIpv4(high, low, this.scheme);
    return {
      key: { high, low },
      numbers: ipv4 === undefined ? numbers : { ...numbers, ipv4 },
      hasHistory: this.hasHistory(slot),
      isMild: overflow?.isMild === true,
      clients: clients.active,
    };
  }

  /** Those of its clients that have a history are no part of the attack. */
  ofNetwork({ network, overflow, seen }: NetworkAttack): Anomaly {
    const anomaly = this.timeline.rules.describe(seen, overflow.condition);
    const samples = this.evidence.samplesOf((high, low) => isWithin(network, high, low));
    const numbers = { ...this.timeline.rules.evidence(anomaly, seen, samples, overflow), clients: seen.attackers };
    return { key: network, numbers, hasHistory: false, isMild: false, clients: this.clients.active };
  }

  /** A network that a swarm comes from. */
  ofSwarm(network: NetworkKey, swarm: NetworkProof): Anomaly {
    const samples = this.evidence.samplesOf((high, low) => isWithin(network, high, low));
    const numbers = { ...this.timeline.rules.ofNetwork(swarm, samples), clients: swarm.clients, swarm };
    return { key: network, numbers, hasHistory: false, isMild: false, clients: this.clients.active };
  }

  /** True of a client that the fuse protects. */
  hasHistory(slot: number): boolean {
    const seconds = this.window.newest - this.clients.firstSecond(slot);
    return this.points === undefined || (seconds >= HISTORY_SECONDS && this.points.isServed(slot));
  }
}
