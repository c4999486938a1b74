/** Judges clients and networks that left what is tolerated: finds the anomaly, asks the ledger, and bans or says why not. */
import type { Overflow } from '../detect/points.ts';
import type { NetworkProof } from '../model/lane.ts';
import { formatSecond } from '../model/time.ts';
import { formatBanKey, type NetworkKey } from '../net/client-network.ts';
import type { Anomaly } from './anomalies.ts';
import type { Engine } from './engine.ts';
import type { NetworkAttack } from './network-watch.ts';

/** What it judges by and acts on. */
type JudgeParts = Pick<
  Engine,
  'options' | 'ledger' | 'clients' | 'window' | 'anomalies' | 'bans' | 'site' | 'networks' | 'history' | 'emit'
>;

export class Judge {
  private readonly parts: JudgeParts;

  constructor(parts: JudgeParts) {
    this.parts = parts;
  }

  /** Judges a client, by the points that `overflow` if there are any. */
  judgeClient(slot: number, overflow: Overflow | undefined): void {
    const { anomalies, bans } = this.parts;
    const anomaly = anomalies.ofClient(slot, overflow);
    if (anomaly && !this.decide(anomaly)) bans.refuse(slot);
  }

  judgeNetwork(attack: NetworkAttack): void {
    const { anomalies, networks, window } = this.parts;
    if (!this.decide(anomalies.ofNetwork(attack))) networks?.refuse(attack.network, window.newest);
  }

  /** Bans a network that a swarm comes from; false when that is refused, or swarms are only reported. */
  banSwarm(network: NetworkKey, swarm: NetworkProof): boolean {
    const { anomalies, options, window, emit } = this.parts;
    const anomaly = anomalies.ofSwarm(network, swarm);
    if (options.swarm.action !== 'alert') return this.decide(anomaly);
    const [ip, time] = [formatBanKey(network, options.detection), formatSecond(window.newest)];
    emit({ event: 'refused', time, ip, reason: 'alert', ...anomaly.numbers });
    return false;
  }

  /** Asks the fuse about a ban of a client that another host decided, at this moment; true when it may be carried out here. */
  admits(slot: number): boolean {
    const { anomalies, ledger, window, clients, emit } = this.parts;
    if (slot < 0 || !anomalies.hasHistory(slot)) return true;
    const { admitted, event } = ledger.fuse.admit(window.newest, clients.active);
    if (event) emit(event);
    return admitted;
  }

  /** Bans, or refuses to; true when it is banned. */
  private decide({ key, numbers, hasHistory, isMild, clients: active }: Anomaly): boolean {
    const { options, ledger, clients, window, bans, site, history, emit } = this.parts;
    const second = window.newest;
    const [ip, time] = [formatBanKey(key, options.detection), formatSecond(second)];
    const decision = ledger.decide(key, second, active, hasHistory, isMild);
    if (decision.kind === 'refused') {
      const { kind: _, fuse, ...why } = decision;
      if (fuse) emit(fuse);
      emit({ event: 'refused', time, ip, ...why, ...numbers });
    }
    if (decision.kind !== 'ban') return false;
    const slot = clients.find(key.high, key.low);
    const past = history && key.bits === undefined && { past: history.ban(slot, second) };
    const { tier, untilMs, lenient } = decision;
    bans.shutOut(key, untilMs === null ? Number.POSITIVE_INFINITY : Math.ceil(untilMs / 1000));
    site.noteBan();
    const durationSeconds = untilMs === null ? null : (untilMs - second * 1000) / 1000;
    const term = { tier, durationSeconds, ...(lenient && { lenient }) };
    emit({ event: 'ban', time, ip, ...term, ...numbers, ...past });
    return true;
  }
}
