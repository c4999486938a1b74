/** Looks for what a surplus of strangers has in common, and proves whom it would touch. */
import { LANES_MAX } from '../model/lane.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence } from '../traffic/evidence.ts';
import { Crowds } from './crowds.ts';
import type { Finding, Lanes } from './lanes.ts';
import type { LineLooks } from './line-looks.ts';
import { isMatchable, matchOf, TRAITS } from './look.ts';
import type { LookHasher } from './look-hasher.ts';
import { findNetworks, type Suspect, type SwarmNetwork } from './networks.ts';
import { frequentValues, hasAll, type Value } from './signature.ts';
import type { Strangers } from './strangers.ts';
import { offsetsOf, SwarmLines, samplingOf } from './swarm-lines.ts';
import type { UsualTraffic } from './usual-traffic.ts';
import { Worth } from './worth.ts';

/** A swarm has so many clients. */
export const CLIENTS_MIN = 100;
/** What one lane has in common must show in this share of the surplus, and by so many of its clients. */
export const COVERAGE_MIN = 0.1;
const LANE_CLIENTS_MIN = 20;
/** All lanes and networks together must cover most of the surplus. */
const EXPLAINED_MIN = 0.5;
/** Usual is what was so many seconds before a horizon. */
const BEFORE_SECONDS = 960;
/** A swarm that sent nothing in the last part of a horizon has ended. */
const RECENT_PARTS = 8;

export interface SearchInput {
  readonly evidence: Evidence;
  readonly clients: Clients;
  readonly strangers: Strangers;
  readonly usual: UsualTraffic;
  readonly lanes: Lanes;
  readonly hasher: LookHasher;
  readonly looks: LineLooks;
  readonly harmMax: number;
  /** When the surplus began, at the latest: who came since may be of it. */
  readonly begun: number;
  /** A swarm was found a while ago. */
  readonly isUnderWay: boolean;
  readonly wasBanned: (network: string) => boolean;
  /** The network was reported and may not be banned. */
  readonly isSpared: (network: string) => boolean;
  /** The client is allowlisted or protected. */
  readonly isProtected: (slot: number) => boolean;
}

export interface Found {
  readonly lanes: readonly { readonly finding: Finding; readonly values: readonly Value[] }[];
  readonly networks: readonly SwarmNetwork[];
}

/** What a part of the surplus has in common. */
interface Signature {
  readonly values: readonly Value[];
  /** Its looks, and slots of its clients. */
  readonly offsets: readonly number[];
  readonly clients: ReadonlySet<number>;
  readonly score: number;
}

const NOTHING: Found = { lanes: [], networks: [] };

/**
 * Which of these networks send again at a share of the rate that they were banned for, although `horizon` is short. Of each there are a
 * few strangers at first, whom a sample would leave out.
 */
export function searchAgain(input: SearchInput, now: number, horizon: number, ratesMin: ReadonlyMap<string, number>) {
  const lines = readLines(input, now - horizon, 1);
  return lines.strangers.count === 0 ? [] : new Search(input, lines, now, horizon, 1).findAgain(ratesMin);
}

/**
 * Looks at the `horizon` seconds before `now`; `surplusShare` of the strangers are more than usual. Of many newcomers some show whether
 * there is anything to find; what is done is decided by all who may be stopped.
 */
export function search(input: SearchInput, now: number, horizon: number, surplusShare: number): Found {
  const since = now - horizon;
  const run = (every: number) => new Search(input, readLines(input, since, every), now, horizon, surplusShare).run();
  const every = samplingOf(input.evidence, input.clients, since, input.begun);
  const some = every === 1 ? undefined : run(every);
  return some?.lanes.length === 0 && some.networks.length === 0 ? NOTHING : run(1);
}

/** Reads one of `every` newcomers' lines; where all are read, no client is a stranger who may not be stopped. */
function readLines(
  { evidence, clients, looks, strangers, begun, isProtected }: SearchInput,
  since: number,
  every: number,
) {
  const isStranger = (slot: number) => strangers.is(slot, begun) && (every > 1 || !isProtected(slot));
  return new SwarmLines(evidence, clients, looks, { since, isStranger, begun, every });
}

class Search {
  private readonly input: SearchInput;
  private readonly lines: SwarmLines;
  private readonly now: number;
  private readonly horizon: number;
  /** Lines of the surplus among those read, and how many of them have to have something in common. */
  private readonly surplus: number;
  private readonly least: number;
  /** Strangers' lines that nothing explains yet: offsets of their looks. */
  private left: number[];
  private readonly honest: Crowds;
  /** Those among them that lanes leave alone. */
  private crowds: Set<number> = new Set();
  private readonly worth: Worth;

  constructor(input: SearchInput, lines: SwarmLines, now: number, horizon: number, surplusShare: number) {
    this.input = input;
    this.lines = lines;
    this.now = now;
    this.horizon = horizon;
    const { hashes, seconds, count } = lines.strangers;
    this.surplus = count * surplusShare;
    this.least = COVERAGE_MIN * this.surplus;
    const isExplained = (at: number) => input.lanes.explains(hashes, at, seconds[at / TRAITS.length] as number);
    this.left = offsetsOf(count).filter((at) => !isExplained(at));
    this.honest = new Crowds(lines, input, this.before);
    this.worth = new Worth(input, lines, this.surplus, this.before);
  }

  run(): Found {
    const { left, least } = this;
    if (left.length < Math.max(least, LANE_CLIENTS_MIN / this.lines.every)) return NOTHING;
    this.worth.addOpen();
    const values = frequentValues(this.lines.strangers.hashes, left, least);
    // Many surpluses have nothing in common: to ask who is honest costs as much as all else.
    const suspects = this.findSuspects().reduce((sum, { offsets }) => sum + offsets.length, 0);
    const hasNone = () => this.worth.weigh(values, least).find(left) === undefined;
    if (suspects < least && (hasNone() || this.honest.haveJustCome(left, this.now))) return NOTHING;
    this.crowds = this.honest.find(left, this.surplus, least, values);
    const explainedBefore = this.lines.strangers.count - left.length;
    const { signatures, networks } = this.explain();
    const parts = [...signatures, ...networks];
    const sum = (size: (part: Signature | Suspect) => number) => parts.reduce((all, part) => all + size(part), 0);
    const crowds = networks.length === 0 ? this.crowds.size : 0;
    if (explainedBefore + crowds + sum(({ offsets }) => offsets.length) < EXPLAINED_MIN * this.surplus) return NOTHING;
    // More of a swarm that is known already need not be one by itself.
    if (sum(({ clients }) => clients.size) < CLIENTS_MIN / this.lines.every && !this.input.isUnderWay) return NOTHING;
    return {
      lanes: signatures.map((signature) => ({ finding: this.describe(signature), values: signature.values })),
      networks: this.describeNetworks(networks),
    };
  }

  findAgain(ratesMin: ReadonlyMap<string, number>): readonly SwarmNetwork[] {
    const networks = this.describeNetworks(this.findNetworks());
    return networks.filter(({ network, proof }) => proof.rate >= (ratesMin.get(network) ?? Number.POSITIVE_INFINITY));
  }

  /** One signature after the other, each for what the ones before leave; networks where they explain clearly more. */
  private explain(): { readonly signatures: readonly Signature[]; readonly networks: readonly Suspect[] } {
    const signatures: Signature[] = [];
    let networks: readonly Suspect[] = [];
    const findNext = this.prepareNext();
    for (;;) {
      const signature = signatures.length < LANES_MAX ? findNext() : undefined;
      const suspects = networks.length === 0 ? this.findNetworks() : [];
      const lines = suspects.reduce((sum, { offsets }) => sum + offsets.length, 0);
      if (lines >= this.least && lines > (signature?.offsets.length ?? 0) + this.least) networks = suspects;
      else if (signature) {
        signatures.push(signature);
        this.worth.add(signature.score, signature.offsets.length);
      } else return { signatures: this.worth.sum > 0 ? signatures : [], networks };
      const explained = new Set(
        networks === suspects ? suspects.flatMap(({ offsets }) => offsets) : signature?.offsets,
      );
      this.left = this.left.filter((at) => !explained.has(at));
    }
  }

  /** Prepares to find the best signature of what is left, which is undefined when there is none. */
  private prepareNext(): () => Signature | undefined {
    const { lines, horizon, now, least } = this;
    const { hashes, seconds, slots } = lines.strangers;
    const values = frequentValues(hashes, this.leftToLanes, least).filter((value) => this.isMatchable(value));
    const { find, score } = this.worth.weigh(values, least);
    const findNext = (): Signature | undefined => {
      const left = this.leftToLanes;
      const mask = find(left);
      if (mask === undefined) return undefined;
      const chosen = values.filter((_, bit) => mask & (1 << bit));
      const offsets = left.filter((at) => hasAll(chosen, hashes, at));
      const clients = new Set(offsets.map((at) => slots[at / TRAITS.length] as number));
      if (this.honest.haveJustCome(offsets, now)) return undefined;
      if (this.honest.goOn(clients)) {
        for (const at of offsets) this.crowds.add(at);
        return findNext();
      }
      const newest = Math.max(...offsets.map((at) => seconds[at / TRAITS.length] as number));
      const goesOn = newest >= now - horizon / RECENT_PARTS;
      if (!goesOn || clients.size < LANE_CLIENTS_MIN / lines.every) return undefined;
      return { values: chosen, offsets, clients, score: score(mask, offsets.length) };
    };
    return findNext;
  }

  private get leftToLanes(): number[] {
    return this.left.filter((at) => !this.crowds.has(at));
  }

  /** A lane that nginx can't take would stop nobody. */
  private isMatchable({ trait, hash }: Value): boolean {
    const { strangers } = this.lines;
    const first = this.left.find((at) => strangers.hashes[at + trait] === hash);
    const text = first === undefined ? undefined : strangers.textOf(trait, first);
    return text !== undefined && isMatchable(trait, text);
  }

  private findNetworks(): Suspect[] {
    return this.findSuspects().filter(({ offsets }) => !this.honest.areUsual(offsets));
  }

  private findSuspects(): Suspect[] {
    const { lines, input, now, horizon } = this;
    const findKnown = (trait: number, hashes: ReadonlySet<number>) => {
      const known = input.usual.findKnown(trait, hashes, this.before);
      const { others } = lines;
      for (const at of offsetsOf(others.count)) known.add(others.hashes[at + trait] as number);
      return known;
    };
    return findNetworks(lines, this.leftToLanes, now - horizon / RECENT_PARTS, findKnown, input.wasBanned);
  }

  private describe({ values, offsets, clients }: Signature): Finding {
    const [first = 0] = offsets;
    const texts = values.map(({ trait }) => ({ trait, text: this.lines.strangers.textOf(trait, first) ?? '' }));
    const backtest = this.input.usual.backtest(values, this.before);
    const share = backtest.requests === 0 ? 0 : backtest.requestsMatched / backtest.requests;
    return {
      match: matchOf(texts),
      surplus: Math.round(this.surplus * this.lines.strangers.times),
      clients: clients.size,
      seconds: this.horizon,
      coverage: Math.min(1, offsets.length / this.surplus),
      rate: (offsets.length * this.lines.strangers.times) / this.horizon,
      usualRate: share * this.usualRate,
      backtest,
    };
  }

  private describeNetworks(suspects: readonly Suspect[]): SwarmNetwork[] {
    if (suspects.length === 0) return [];
    const lines = suspects.reduce((sum, { offsets }) => sum + offsets.length, 0);
    const backtest = this.input.usual.backtest([], this.before);
    const coverage = Math.min(1, lines / this.surplus);
    const shared = { seconds: this.horizon, coverage, networks: suspects.length, backtest };
    return suspects.flatMap(({ text, clients, offsets }) => {
      const requests = offsets.length * this.lines.strangers.times;
      const proof = { requests: Math.round(requests), clients: clients.size, rate: requests / this.horizon, ...shared };
      return this.input.isSpared(text) ? [] : [{ network: text, proof }];
    });
  }

  /** Requests a second that would have come without the surplus. */
  private get usualRate(): number {
    const { strangers, othersTotal } = this.lines;
    return (othersTotal + strangers.total - this.surplus * this.lines.strangers.times) / this.horizon;
  }

  private get before(): number {
    return this.now - this.horizon - BEFORE_SECONDS;
  }
}
