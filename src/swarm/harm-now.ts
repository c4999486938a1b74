/** Whom a lane would touch at the moment: what is new is not yet in the digest of usual traffic. */
import type { Clients } from '../traffic/clients.ts';
import { TRAITS } from './look.ts';
import { addWord, countMatches, type Value, wordOf } from './signature.ts';
import { offsetsOf, type SwarmLines } from './swarm-lines.ts';

/** Newcomers who render pages prove that honest people match when they sent this share of what newcomers asked for. */
const HONEST_SHARE_MIN = 0.1;

/**
 * The share of the others' requests that values surely touch, by the bits of those that all have to be there and by how many of
 * the strangers' lines match. Newcomers came since `begun`: a few of them who render pages among many strangers that match are
 * of the swarm, and protect nobody.
 */
export function measureHarmNow(
  values: readonly Value[],
  { others, strangers, every }: SwarmLines,
  clients: Clients,
  begun: number,
): (mask: number, matched: number) => number {
  const [known, newcomers] = [new Map<number, number>(), new Map<number, number>()];
  for (const at of offsetsOf(others.count)) {
    const slot = others.slots[at / TRAITS.length] as number;
    addWord(clients.firstSecond(slot) >= begun ? newcomers : known, wordOf(values, others.hashes, at));
  }
  return (mask, matched) => {
    if (others.count === 0) return 0;
    const fresh = countMatches(newcomers, mask);
    const [rendering, asked] = [fresh * every * others.times, matched * strangers.times];
    const isHonest = fresh > 0 && rendering >= HONEST_SHARE_MIN * (rendering + asked);
    const touched = countMatches(known, mask) + (isHonest ? fresh : 0);
    return Math.max(0, touched - 2 * Math.sqrt(touched)) / others.count;
  };
}
