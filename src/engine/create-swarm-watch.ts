/** What the watch for swarms needs of the engine. */
import { VERIFIED } from '../detect/robot-verdicts.ts';
import type { ClientScheme } from '../net/client-key.ts';
import { findBanKey, type NetworkKey } from '../net/client-network.ts';
import { parsePrefix } from '../net/prefix.ts';
import { SwarmWatch } from '../swarm/swarm-watch.ts';
import type { Engine } from './engine.ts';

type SwarmParts = Pick<Engine, 'options' | 'clients' | 'evidence' | 'robots' | 'ledger' | 'window' | 'judge' | 'emit'>;

/** Undefined where swarms are not watched for. */
export function createSwarmWatch(parts: SwarmParts): SwarmWatch | undefined {
  const { options, clients, evidence, robots, ledger, window, emit } = parts;
  const { detection, swarm, hashKey = 0 } = options;
  if (!swarm.enabled) return undefined;
  const findOffender = (text: string) => {
    const network = findNetwork(text, detection);
    return network && ledger.find(network);
  };
  return new SwarmWatch(swarm, hashKey, clients, evidence, {
    isExempt: (slot) => robots.of(slot) === VERIFIED || clients.bannedUntil(slot) > window.newest,
    isProtected: (slot) => ledger.findProtection({ high: clients.high(slot), low: clients.low(slot) }) !== undefined,
    wasBanned: (text) => findOffender(text) !== undefined,
    isBanned: (text) => (findOffender(text)?.until ?? 0) > window.newest,
    banNetwork: (text, proof) => {
      const network = findNetwork(text, detection);
      return network !== undefined && parts.judge.banSwarm(network, proof);
    },
    emit,
  });
}

function findNetwork(text: string, scheme: ClientScheme): NetworkKey | undefined {
  const prefix = parsePrefix(text);
  const key = prefix && findBanKey(prefix, scheme);
  return key?.bits === undefined ? undefined : { ...key, bits: key.bits };
}
