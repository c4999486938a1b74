/** Whom a lane would touch at the moment: what is new is not yet in the digest of usual traffic. */
import type { Clients } from '../traffic/clients.ts';
import { TRAITS } from './look.ts';
import { addWord, countMatches, type Value, type Words, wordOf } from './signature.ts';
import { type Looks, offsetsOf, type SwarmLines } from './swarm-lines.ts';

/** Newcomers who render pages prove that honest people match when they sent this share of what newcomers asked for. */
const HONEST_SHARE_MIN = 0.1;

/** The lines of newcomers and of those who came before, by which of the values they have. */
function countOthers(
  values: readonly Value[],
  others: Looks,
  clients: Clients,
  begun: number,
): { readonly newcomers: Words; readonly known: Words } {
  const [known, newcomers] = [new Map<number, number>(), new Map<number, number>()];
  for (const at of offsetsOf(others.count)) {
    const slot = others.slots[at / TRAITS.length] as number;
    addWord(clients.firstSecond(slot) >= begun ? newcomers : known, wordOf(values, others.hashes, at));
  }
  return { newcomers, known };
}

/** `fresh` lines of newcomers who render pages match, and so many of strangers: a few are of the swarm, and protect nobody. */
function areHonest(fresh: number, matched: number, { others, strangers, every }: SwarmLines): boolean {
  const [rendering, asked] = [fresh * every * others.times, matched * strangers.times];
  return fresh > 0 && rendering >= HONEST_SHARE_MIN * (rendering + asked);
}

/** Newcomers since `begun` who render pages ask for what has all the values, as `matched` of the strangers' lines have. */
export function isSharedWithVisitors(
  values: readonly Value[],
  lines: SwarmLines,
  clients: Clients,
  begun: number,
  matched: number,
): boolean {
  const { newcomers } = countOthers(values, lines.others, clients, begun);
  return areHonest(countMatches(newcomers, (1 << values.length) - 1), matched, lines);
}

/**
 * The share of the others' requests that values surely touch, by the bits of those that all have to be there and by how many of
 * the strangers' lines match. Newcomers came since `begun`.
 */
export function measureHarmNow(
  values: readonly Value[],
  lines: SwarmLines,
  clients: Clients,
  begun: number,
): (mask: number, matched: number) => number {
  const { others } = lines;
  const { newcomers, known } = countOthers(values, others, clients, begun);
  return (mask, matched) => {
    if (others.count === 0) return 0;
    const fresh = countMatches(newcomers, mask);
    const touched = countMatches(known, mask) + (areHonest(fresh, matched, lines) ? fresh : 0);
    return Math.max(0, touched - 2 * Math.sqrt(touched)) / others.count;
  };
}
