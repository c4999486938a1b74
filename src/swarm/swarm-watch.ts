/**
 * Watches for swarms: thousands of clients that send a handful of requests each. While more strangers come than usual it
 * reads the newest lines, finds what the surplus has in common, proves on the usual traffic whom that would touch, and
 * opens lanes or names networks. While all is usual it only takes a few lines for the digest.
 */
import type { LaneEvent, LaneStart, NetworkProof } from '../model/lane.ts';
import type { SwarmOptions } from '../settings/engine-settings.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence } from '../traffic/evidence.ts';
import { type Finding, Lanes, type LanesState, QUIET_SHARE } from './lanes.ts';
import { LineLooks } from './line-looks.ts';
import { TRAITS } from './look.ts';
import { LookHasher } from './look-hasher.ts';
import type { SwarmNetwork } from './networks.ts';
import { CLIENTS_MIN, COVERAGE_MIN, type SearchInput, search, searchAgain } from './search.ts';
import { hasAll } from './signature.ts';
import { HORIZON_TIMES, HORIZONS, PAST_SECONDS, Strangers, type StrangersState } from './strangers.ts';
import { offsetsOf, SwarmLines, samplingOf } from './swarm-lines.ts';
import { Touched } from './touched.ts';
import { UsualLearner } from './usual-learner.ts';
import { UsualTraffic, type UsualTrafficState } from './usual-traffic.ts';

/** More strangers than so many times the usual and so many more are looked at; fewer more while a swarm is under way. */
const [SUSPECT_TIMES, SUSPECT_MORE, SUSPECT_MORE_AGAIN] = [1.5, 40, 10];
/** A swarm is under way for so long after something was done about it. */
const UNDER_WAY_SECONDS = 3840;
/** Looks at a horizon are so far apart: at least, and as a share of the horizon. */
const [LOOK_SECONDS, LOOK_PARTS] = [10, 8];
const LOOKS = HORIZONS.map((horizon) => ({
  horizon,
  every: Math.ceil(horizon / LOOK_PARTS / LOOK_SECONDS) * LOOK_SECONDS,
}));
/** A network that may not be banned is reported again after so many seconds. */
const SPARED_SECONDS = 3840;
/** A surplus that lasts is searched ever more seldom: after this share of the time since it began, or a horizon, whose lines are others. */
const SEARCH_SHARE = 1 / 4;
const MINUTE = 60;
/** Share of the usual requests that all lanes together may touch: a visitor in a thousand. */
const HONEST_SHARE = 0.001;

/** What survives a restart. */
export interface SwarmState {
  readonly usual: UsualTrafficState;
  readonly strangers: StrangersState;
  readonly lanes: LanesState;
  /** Key of the hashes in `usual`. */
  readonly hashKey: number;
  readonly underWayUntil: number;
}

/** What the engine does for the watch. */
export interface SwarmActs {
  /** The client is never taken for one of a swarm: a verified robot, or one that is shut out. */
  readonly isExempt: (slot: number) => boolean;
  readonly isProtected: (slot: number) => boolean;
  readonly wasBanned: (network: string) => boolean;
  /** The network is banned at the moment: none of its lines are looked at. */
  readonly isBanned: (network: string) => boolean;
  /** False when the network is protected, or swarms are only reported. */
  readonly banNetwork: (network: string, proof: NetworkProof) => boolean;
  readonly emit: (event: LaneEvent) => void;
}

export class SwarmWatch {
  readonly strangers: Strangers;
  readonly lanes: Lanes;
  private readonly options: SwarmOptions;
  private readonly clients: Clients;
  private readonly evidence: Evidence;
  private readonly acts: SwarmActs;
  private readonly usual = new UsualTraffic();
  private readonly hasher: LookHasher;
  private readonly looks: LineLooks;
  private readonly learner: UsualLearner;
  /** Clients first seen since then are newcomers, whose lines the engine marks; Infinity while nobody looks at any. */
  newSince = Number.POSITIVE_INFINITY;
  /** Strangers since then teach nothing, until then: more of them come than usual. */
  private suspectSince = 0;
  private suspectUntil = 0;
  private underWayUntil = 0;
  /** The open lanes stop nearly all strangers of the last minute. */
  private explainedUntil = 0;
  /** Lines before this minute. */
  private totalBefore = 0;
  /** By horizon: since when there is a surplus without a find, and when it was searched last. */
  private readonly surplus = new Map<number, { readonly since: number; searched: number }>();
  private readonly touched = new Touched();
  /** Networks banned for the swarm that is under way, and from what rate on their swarm goes on. */
  private readonly banned = new Map<string, number>();
  /** Networks that may not be banned, and until when they are not reported again. */
  private readonly spared = new Map<string, number>();

  constructor(options: SwarmOptions, hashKey: number, clients: Clients, evidence: Evidence, acts: SwarmActs) {
    this.options = options;
    this.clients = clients;
    this.evidence = evidence;
    this.acts = acts;
    this.strangers = new Strangers(clients, acts.isExempt);
    this.lanes = new Lanes(hashKey);
    this.hasher = new LookHasher({ ipv4: options.ipv4_prefix, ipv6: options.ipv6_prefix, hashKey });
    this.looks = new LineLooks(evidence, this.hasher);
    this.learner = new UsualLearner(this.usual, this.lanes, evidence, clients, this.hasher);
  }

  /** Second `second` has ended. */
  close(second: number): void {
    const now = second + 1;
    if (now % LOOK_SECONDS !== 0) return;
    if (now % MINUTE === 0) this.strangers.advance(now, this.suspectUntil < now);
    if (this.banned.size > 0) this.lookAgain(now);
    for (let i = 0; i < LOOKS.length; i++) {
      const { horizon, every } = LOOKS[i] as (typeof LOOKS)[number];
      if (now % every === 0) this.look(now, horizon);
    }
    if (this.learner.isDue(now, this.suspectUntil >= now)) this.learn(now);
    if (now % MINUTE === 0) {
      if (this.lanes.size > 0) this.follow(now, this.evidence.total - this.totalBefore);
      this.totalBefore = this.evidence.total;
    }
    const isWatching = this.suspectUntil >= now || this.lanes.size > 0;
    this.newSince = isWatching ? this.begun(now) : Number.POSITIVE_INFINITY;
  }

  /** `now` is the log's clock. */
  snapshot(now: number): SwarmState {
    return {
      usual: this.usual.snapshot(),
      strangers: this.strangers.snapshot(now),
      lanes: this.lanes.snapshot(),
      underWayUntil: this.underWayUntil,
      hashKey: this.hasher.options.hashKey,
    };
  }

  restore({ usual, strangers, lanes, underWayUntil, hashKey }: SwarmState): void {
    this.underWayUntil = underWayUntil;
    if (hashKey === this.hasher.options.hashKey) this.usual.restore(usual);
    this.strangers.restore(strangers);
    this.lanes.restore(lanes);
  }

  /** Compares the strangers of a horizon with the usual ones; where there are more, it finds out what they are. */
  private look(now: number, horizon: number): void {
    const { usual, acts } = this;
    const isUnderWay = now < this.underWayUntil;
    const more = isUnderWay ? SUSPECT_MORE_AGAIN : SUSPECT_MORE;
    // So it is nearly always, where nothing may cost anything.
    if (!this.strangers.cameMore(now - horizon, more) && this.surplus.size === 0) return;
    const [came, expected] = this.countStrangers(now, horizon, more);
    if (expected === undefined) {
      this.surplus.delete(horizon);
      return;
    }
    const wasQuiet = this.suspectUntil < now;
    if (wasQuiet && !isUnderWay) this.suspectSince = now;
    this.suspectSince = Math.min(this.suspectSince, now - horizon);
    this.suspectUntil = Math.max(this.suspectUntil, now + horizon);
    if (wasQuiet) this.learn(now);
    // More of a swarm that is known already need not be a swarm by itself.
    if (came < CLIENTS_MIN && !isUnderWay) return;
    const begun = this.surplus.get(horizon) ?? { since: now, searched: 0 };
    this.surplus.set(horizon, begun);
    if (horizon === MINUTE && now <= this.explainedUntil) return;
    const pause = Math.min(SEARCH_SHARE * (now - begun.since), horizon);
    if (now - begun.searched < pause || this.isSeenBy(now, horizon / HORIZON_TIMES)) return;
    begun.searched = now;
    const found = search(this.searchInput(now), now, horizon, 1 - expected / came);
    const lanes = found.lanes.flatMap(({ finding, values }): LaneEvent[] => {
      const ends = this.lanes.makeRoom(finding.rate, now);
      if (!ends) return [];
      usual.drop(now - horizon, values);
      return [...ends, this.open(finding, now, now - horizon)];
    });
    if (lanes.length + found.networks.length > 0) {
      this.underWayUntil = now + UNDER_WAY_SECONDS;
      this.surplus.clear();
    }
    for (const lane of lanes) acts.emit(lane);
    this.banNetworks(found.networks, now);
  }

  /** There is a surplus over this horizon, and all lines at hand are of its time: a longer one shows nothing else. */
  private isSeenBy(now: number, horizon: number): boolean {
    return this.surplus.has(horizon) && this.evidence.oldestSecond >= now - horizon;
  }

  /** Strangers of a horizon, and how many usually come; undefined where there are no more than that. */
  private countStrangers(now: number, horizon: number, more: number): [came: number, expected: number | undefined] {
    const { strangers } = this;
    const since = now - horizon;
    const before = this.suspectUntil < now ? now : this.begun(now);
    const expected = strangers.usual(now, horizon, before);
    const limit = SUSPECT_TIMES * (expected ?? Number.POSITIVE_INFINITY) + more;
    if (!strangers.cameMore(since, limit)) return [0, undefined];
    const came = strangers.since(since);
    return [came, came > limit ? expected : undefined];
  }

  /** A network whose ban ends before its swarm does is banned again at once. */
  private lookAgain(now: number): void {
    if (now >= this.underWayUntil) this.banned.clear();
    else if ([...this.banned.keys()].every((network) => this.acts.isBanned(network))) return;
    else this.banNetworks(searchAgain(this.searchInput(now), now, MINUTE, this.banned), now);
  }

  private banNetworks(networks: readonly SwarmNetwork[], now: number): void {
    for (const { network, proof } of networks) {
      this.underWayUntil = now + UNDER_WAY_SECONDS;
      if (!this.acts.banNetwork(network, proof)) this.spared.set(network, now + SPARED_SECONDS);
      else if (!this.banned.has(network)) this.banned.set(network, QUIET_SHARE * proof.rate);
    }
  }

  /** Since when there are more strangers than usual, as far back as any horizon looks: a crowd that stays is usual some day. */
  private begun(now: number): number {
    return Math.max(this.suspectSince, now - PAST_SECONDS);
  }

  private searchInput(now: number): SearchInput {
    const { evidence, clients, strangers, usual, lanes, hasher, looks, acts } = this;
    return {
      ...{ evidence, clients, strangers, usual, lanes, hasher, looks },
      harmMax: HONEST_SHARE,
      begun: this.begun(now),
      isUnderWay: now < this.underWayUntil,
      wasBanned: acts.wasBanned,
      isProtected: acts.isProtected,
      isSpared: (network) => (this.spared.get(network) ?? 0) > now,
    };
  }

  /** Usual traffic since the last time goes into the digest: no strangers while too many of them come. */
  private learn(now: number): void {
    const { strangers, suspectSince } = this;
    const suspects = this.suspectUntil >= now;
    this.learner.learn(now, (slot) => suspects && strangers.is(slot, suspectSince));
  }

  /** Counts what open lanes stopped in the last minute, and ends those whose swarm is over and those that touch others. */
  private follow(now: number, linesOfMinute: number): void {
    const { evidence, clients, looks, lanes, touched, acts } = this;
    const [since, begun] = [Math.min(...lanes.all.map((lane) => lane.since)), this.begun(now)];
    const isStranger = (slot: number) => this.strangers.is(slot, since);
    const every = samplingOf(evidence, clients, now - MINUTE, since);
    const lines = new SwarmLines(evidence, clients, looks, { since: now - MINUTE, isStranger, begun: since, every });
    const { strangers, others } = lines;
    const times = strangers.count === 0 ? 0 : strangers.times * Math.max(1, linesOfMinute / evidence.kept);
    const offsets = offsetsOf(strangers.count);
    const ends = [...lanes.follow(strangers.hashes, offsets, times, MINUTE, now)];
    const left = offsets.filter((at) => !lanes.matches(strangers.hashes, at));
    if (left.length < COVERAGE_MIN * offsets.length) this.explainedUntil = now + MINUTE;
    // No lane stops who is exempt, and who came when the surplus began may be of it.
    const isExempt = (slot: number) => acts.isExempt(slot) || acts.isProtected(slot) || this.strangers.is(slot, begun);
    const cameBefore = (slot: number) => clients.firstSecond(slot) < since && !isExempt(slot);
    touched.note(others, lanes, clients, cameBefore);
    for (const { id } of lanes.all) {
      const met = touched.of(id);
      if (met.share <= HONEST_SHARE) continue;
      ends.push(...lanes.drop(id, now).map((end) => ({ ...end, clientsTouched: met.clients })));
    }
    if (lanes.size === 0) touched.clear();
    for (const event of [...ends, ...this.renew(now, lines)]) acts.emit(event);
  }

  /** A lane ends after a day; where its swarm goes on another follows, if what was usual speaks against it no more than then. */
  private renew(now: number, { strangers, othersTotal }: SwarmLines): LaneEvent[] {
    return this.lanes.old(now).flatMap(({ lane, values }) => {
      const offsets = offsetsOf(strangers.count).filter((at) => hasAll(values, strangers.hashes, at));
      const backtest = this.usual.backtest(values, now);
      const share = (backtest.requestsMatched + 1) / (backtest.requests + 1);
      const requests = offsets.length * strangers.times;
      const next =
        offsets.length === 0 || backtest.requests === 0 || share > HONEST_SHARE
          ? undefined
          : this.open(
              {
                ...{ match: lane.match, surplus: strangers.total, seconds: MINUTE, backtest },
                clients: new Set(offsets.map((at) => strangers.slots[at / TRAITS.length])).size,
                coverage: offsets.length / strangers.count,
                rate: requests / MINUTE,
                usualRate:
                  (backtest.requestsMatched / backtest.requests) *
                  ((othersTotal + strangers.total - requests) / MINUTE),
              },
              now,
              lane.since,
            );
      const [end] = this.lanes.replace(lane.id, now);
      return end ? [{ ...end, ...(next && { followedBy: next.id }) }, ...(next ? [next] : [])] : [];
    });
  }

  private open(finding: Finding, now: number, since: number): LaneStart {
    const { action } = this.options;
    return this.lanes.start(finding, action === 'deny' ? 'deny' : 'hold', action !== 'alert', now, since);
  }
}
