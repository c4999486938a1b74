/** The networks that a swarm comes from, where they are few. */
import type { NetworkProof } from '../model/lane.ts';
import { TRAITS } from './look.ts';
import type { SwarmLines } from './swarm-lines.ts';

/** Clients of a swarm that mark a network, and one that was banned before. */
const [CLIENTS_MIN, CLIENTS_MIN_AGAIN] = [4, 2];
/** Networks banned for one swarm; more are no few. */
const NETWORKS_MAX = 100;
const NETWORK = TRAITS.findIndex(({ name }) => name === 'network');

/** A network that a swarm comes from. */
export interface SwarmNetwork {
  /** CIDR. */
  readonly network: string;
  readonly proof: NetworkProof;
}

/** One that may be: its looks, and slots of its clients. */
export interface Suspect {
  readonly text: string;
  readonly offsets: readonly number[];
  readonly clients: ReadonlySet<number>;
}

/**
 * Networks with so many strangers that it is no accident, in which `findKnown` knows nobody. `offsets` are those of the looks
 * that no lane covers; networks silent since `recent` are left out.
 */
export function findNetworks(
  { strangers: looks, every }: SwarmLines,
  offsets: readonly number[],
  recent: number,
  findKnown: (trait: number, hashes: ReadonlySet<number>) => ReadonlySet<number>,
  wasBanned: (network: string) => boolean,
): Suspect[] {
  const clientsMin = Math.max(CLIENTS_MIN_AGAIN, CLIENTS_MIN / every);
  const found = new Map<number, number[]>();
  for (const at of offsets) {
    const hash = looks.hashes[at + NETWORK] as number;
    const own = found.get(hash);
    if (own) own.push(at);
    else if (hash !== 0) found.set(hash, [at]);
  }
  const suspects: (Suspect & { readonly hash: number })[] = [];
  for (const [hash, own] of found) {
    if (own.length < CLIENTS_MIN_AGAIN) continue;
    const newest = Math.max(...own.map((at) => looks.seconds[at / TRAITS.length] as number));
    const clients = new Set(own.map((at) => looks.slots[at / TRAITS.length] as number));
    if (newest < recent || clients.size < CLIENTS_MIN_AGAIN) continue;
    const text = looks.textOf(NETWORK, own[0] as number);
    if (text !== undefined && (clients.size >= clientsMin || wasBanned(text)))
      suspects.push({ hash, text, offsets: own, clients });
  }
  if (suspects.length === 0) return [];
  const known = findKnown(NETWORK, new Set(suspects.map(({ hash }) => hash)));
  suspects.sort((a, b) => b.offsets.length - a.offsets.length || (a.text < b.text ? -1 : 1));
  return suspects.filter(({ hash }) => !known.has(hash)).slice(0, NETWORKS_MAX);
}
