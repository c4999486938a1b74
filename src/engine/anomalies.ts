/** Finds anomalies: facts with their numbers, and with all that a decision about them needs. What follows is decided elsewhere. */
import type { SeenClient } from '../detect/client-rules.ts';
import type { Overflow } from '../detect/points.ts';
import type { Evidence as Numbers } from '../model/event.ts';
import type { NetworkProof } from '../model/lane.ts';
import { formatIpv4 } from '../net/client-key.ts';
import { type BanKey, isWithin, type NetworkKey } from '../net/client-network.ts';
import type { Engine } from './engine.ts';
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

type AnomalyParts = Pick<Engine, 'options' | 'timeline' | 'clients' | 'window' | 'evidence' | 'points'>;

export class Anomalies {
  private readonly parts: AnomalyParts;

  constructor(parts: AnomalyParts) {
    this.parts = parts;
  }

  /** Judges a client, by the points that `overflow` if there are any, else by its window; once while it goes on. */
  ofClient(slot: number, overflow: Overflow | undefined): Anomaly | undefined {
    const { options, timeline, clients, window, evidence, points } = this.parts;
    const { rules } = timeline;
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
    const samples = evidence.samples(high, low);
    const numbers = rules.evidence(anomaly, seen, samples, overflow);
    const ipv4 = formatIpv4(high, low, options.detection);
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
    const { rules } = this.parts.timeline;
    const anomaly = rules.describe(seen, overflow.condition);
    const numbers = rules.evidence(anomaly, seen, this.samplesOf(network), overflow);
    return this.ofClients(network, { ...numbers, clients: seen.attackers });
  }

  /** A network that a swarm comes from. */
  ofSwarm(network: NetworkKey, swarm: NetworkProof): Anomaly {
    const { rules } = this.parts.timeline;
    const numbers = { ...rules.ofNetwork(swarm, this.samplesOf(network)), clients: swarm.clients, swarm };
    return this.ofClients(network, numbers);
  }

  /** True of a client that the fuse protects. */
  hasHistory(slot: number): boolean {
    const { clients, window, points } = this.parts;
    const seconds = window.newest - clients.firstSecond(slot);
    return points === undefined || (seconds >= HISTORY_SECONDS && points.isServed(slot));
  }

  private samplesOf(network: NetworkKey) {
    return this.parts.evidence.samplesOf((high, low) => isWithin(network, high, low));
  }

  private ofClients(network: NetworkKey, numbers: Numbers): Anomaly {
    return { key: network, numbers, hasHistory: false, isMild: false, clients: this.parts.clients.active };
  }
}
