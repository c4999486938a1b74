/** Counts distinct clients in a set of fixed size: linear counting (Whang et al., 1990). */
import { countBits } from './hash.ts';

const WORDS = 128;
const BITS = 32 * WORDS;

/** Within a few percent up to some 10,000 clients; never more than CLIENTS_MAX. 512 bytes. */
export class ClientCounter {
  private readonly words = new Uint32Array(WORDS);
  private ones = 0;

  /** Notes the client of this hash (32 bits, well mixed); true when it was not noted before. */
  note(hash: number): boolean {
    const at = (hash >>> 5) % WORDS;
    // Apart: as a pair they would be an array for each request.
    const before = this.words[at] as number;
    const bit = 1 << (hash & 31);
    if ((before & bit) !== 0) return false;
    this.words[at] = before | bit;
    this.ones++;
    return true;
  }

  clear(): void {
    if (this.ones > 0) this.words.fill(0);
    this.ones = 0;
  }

  /** About how many clients were noted. */
  get count(): number {
    return countOf(this.ones);
  }

  /** About how many were noted here or there. */
  countWith(other: ClientCounter): number {
    if (this.ones === 0 || other.ones === 0) return countOf(this.ones + other.ones);
    let ones = 0;
    for (let at = 0; at < WORDS; at++) ones += countBits((this.words[at] as number) | (other.words[at] as number));
    return countOf(ones);
  }
}

function countOf(ones: number): number {
  return BITS * Math.log(BITS / (BITS - Math.min(ones, BITS - 1)));
}
