import { hashText } from '../traffic/hash.ts';

/**
 * A seeded stream of random numbers: sfc32, a 128-bit chaotic generator with a counter, by Chris Doty-Humphrey
 * (PractRand, http://pracrand.sourceforge.net). The same seed and label give the same numbers on every machine.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `label` separates the streams of actors, so that adding one actor leaves the others' numbers alone. */
  constructor(seed: number, label: string) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = hashText(label) | 0;
    for (let round = 0; round < 15; round++) this.next();
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** Whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items; the list must not be empty. */
  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** Waiting time of a Poisson process with the given mean, in the unit of the mean. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** Heavy-tailed positive number: half of the draws are below `median`; `sigma` 0.5 is mild, 1.5 wild. */
  lognormal(median: number, sigma: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(sigma * normal);
  }

  /** Lower-case hexadecimal text. */
  hex(digits: number): string {
    let text = '';
    for (let index = 0; index < digits; index++) text += this.int(0, 15).toString(16);
    return text;
  }
}

/** Draws 0 … size - 1 with frequency proportional to 1 / (rank + 1)^exponent (Zipf's law). */
export class Zipf {
  readonly #cumulated: Float64Array;

  constructor(size: number, exponent: number) {
    this.#cumulated = new Float64Array(size);
    let sum = 0;
    for (let rank = 0; rank < size; rank++) this.#cumulated[rank] = sum += (rank + 1) ** -exponent;
  }

  draw(random: Random): number {
    const cumulated = this.#cumulated;
    const wanted = random.next() * (cumulated[cumulated.length - 1] ?? 0);
    let low = 0;
    let high = cumulated.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulated[middle] ?? 0) <= wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
