/** What lanes are worth: those that are open and those found together, and any that may be found. */
import type { Clients } from '../traffic/clients.ts';
import { measureHarmNow } from './harm-now.ts';
import type { Lanes } from './lanes.ts';
import { addWord, countMatches, findSignature, scoreOf, type Value, wordOf } from './signature.ts';
import { offsetsOf, type SwarmLines } from './swarm-lines.ts';
import type { UsualTraffic } from './usual-traffic.ts';

/** What is known when they are weighed. */
interface Known {
  readonly usual: UsualTraffic;
  readonly lanes: Lanes;
  readonly clients: Clients;
  readonly harmMax: number;
  /** When the surplus began, at the latest. */
  readonly begun: number;
}

/** Values together, by the bits of their mask: what they are worth that so many looks have, and the best of those that `offsets` have. */
export interface Weighed {
  readonly score: (mask: number, matched: number) => number;
  readonly find: (offsets: readonly number[]) => number | undefined;
}

export class Worth {
  private readonly known: Known;
  private readonly lines: SwarmLines;
  private readonly surplus: number;
  private readonly before: number;
  /**
   * Strangers' lines that the open lanes and those found so far cover, and what these are worth together. By the rule of
   * succession (Laplace) one usual request more than was found counts, so that little knowledge allows little. It counts once:
   * what touches any of them is as likely to show in the digest whether it has one lane or five.
   */
  private covered = 0;
  sum = 0;

  /** Of the strangers' lines that were read `surplus` are more than usual; usual is what was known before `before`. */
  constructor(known: Known, lines: SwarmLines, surplus: number, before: number) {
    this.known = known;
    this.lines = lines;
    this.surplus = surplus;
    this.before = before;
  }

  /** Counts what the open lanes cover less what they cost: they and new ones together touch no more than all may. */
  addOpen(): void {
    const { lines, before } = this;
    const { lanes, usual, harmMax } = this.known;
    const { hashes, count } = lines.strangers;
    this.covered = offsetsOf(count).filter((at) => lanes.matches(hashes, at)).length;
    const touched = lanes.values.reduce((sum, lane) => sum + usual.count(lane, before), 1);
    const known = usual.count([], before) + 1;
    this.sum = scoreOf(Math.min(1, this.covered / this.surplus), touched / known, harmMax);
  }

  /** Another lane was found. */
  add(score: number, matched: number): void {
    this.sum += score;
    this.covered += matched;
  }

  /** Weighs signatures of these values, which at least `least` looks must have. */
  weigh(values: readonly Value[], least: number): Weighed {
    const { lines, known } = this;
    const usual = known.usual.countWords(values, this.before);
    const shares = values.map((_, bit) => (countMatches(usual.words, 1 << bit) + 1) / (usual.lines + 1));
    let nowOf: ((mask: number, matched: number) => number) | undefined;
    const score = (mask: number, matched: number) => {
      const coverage = this.coverageOf(matched);
      const worth = scoreOf(coverage, countMatches(usual.words, mask) / (usual.lines + 1), known.harmMax);
      if (worth <= this.floor) return worth;
      // Others' requests can only speak against it too, and have to be read.
      nowOf ??= measureHarmNow(values, lines, known.clients, known.begun);
      return Math.min(worth, scoreOf(coverage, nowOf(mask, matched), known.harmMax));
    };
    const find = (offsets: readonly number[]) => {
      const words = new Map<number, number>();
      for (const at of offsets) addWord(words, wordOf(values, lines.strangers.hashes, at));
      return findSignature(values, words, shares, least, this.floor, score);
    };
    return { score, find };
  }

  /** What a lane has to be worth: lanes that are worth something leave room for others. */
  private get floor(): number {
    return Math.min(0, -this.sum);
  }

  /** What so many more lines add to the share of the surplus that is covered: all add up to 1 at most. */
  private coverageOf(matched: number): number {
    const { covered, surplus } = this;
    return Math.min(1, (covered + matched) / surplus) - Math.min(1, covered / surplus);
  }
}
