/** The rules for one client at work: every request's points go into leaky buckets, and the first that runs over is told. */

import type { PointsEvidence } from '../model/event.ts';
import * as columns from '../parse/tally.ts';
import type { PointsOptions } from '../settings/engine-settings.ts';
import type { UnreportedPoints } from '../share/unreported-points.ts';
import { clientBit, clientHash } from '../traffic/hash.ts';
import type { Records } from '../traffic/records.ts';
import { Buckets } from './buckets.ts';
import { ClientState, COUNT, FADING } from './client-state.ts';
import { isLight } from './flood.ts';
import { Observer } from './observer.ts';
import type { ReportReach } from './reach.ts';
import { Request } from './request.ts';
import { REFUTED, UNKNOWN, VERIFIED, type Verdict } from './robot-verdicts.ts';
import { placeOf, RULES, type RuleName } from './rules.ts';
import { SiteKnowledge } from './site-knowledge.ts';

/** Names of this module's own, as in request.ts. */
const { HIGH, LOW, REFERRER } = columns;
const { PROBED, KNOWN, POSTS } = COUNT;
/** Who has this share of the points that are tolerated probes, or guesses, and teaches nothing. */
const SUSPECT_SHARE = 0.5;
/** Requests on known paths from which on a client counts as served: its refusals and repeated POSTs teach. */
const SERVED_REQUESTS = 3;
/** Who sent so many POSTs lately repeats them: people sign in twice. */
const REPEATED_POSTS = 8;
/** So many times the probes that are tolerated at once are too many in the long run, however well the client is served. */
const LASTING = 5;
/** Points: of fewer nothing is remembered. */
const FORGOTTEN = 0.1;
const [SCAN, BRUTE_FORCE] = [placeOf('scan'), placeOf('brute_force')];

/** The bucket that ran over. */
export interface Overflow {
  /** `fleet`: the bucket that the hosts of a fleet fill together. */
  readonly condition: RuleName | 'fleet';
  readonly numbers: PointsEvidence;
  /** All that counts against the client is how much it asked for, and it was answered well. */
  readonly isMild?: boolean;
}

export class Points {
  readonly clients: ClientState;
  readonly buckets: Buckets;
  readonly site: SiteKnowledge;
  /** What other hosts have not been told; absent unless counts are shared. */
  unreported: UnreportedPoints | undefined;
  /** The request that was observed last is one that honest clients make by the thousand. */
  light = false;
  /** True when the client probes: a surge of errors is its fault. */
  probing = false;
  /** By rule, what the request that was observed last weighed; and whether any of it counts against its network. */
  readonly weights = new Float64Array(RULES.length);
  spreads = false;
  private readonly request = new Request();
  private readonly observer: Observer;
  /** Path of the request that was observed last, and its client's hash and bit. */
  private readonly newest = { at: 0, hash: 0, bit: 0 };
  private second = 0;

  /** What is kept of each client becomes part of its record in `records`. `hashKey` is that of the parsers. */
  constructor(options: PointsOptions, records: Records, hashKey = 0) {
    this.site = new SiteKnowledge(hashKey);
    const limits = RULES.map(({ name }) => options[name]);
    this.buckets = new Buckets(limits, records);
    this.clients = new ClientState(records);
    this.observer = new Observer(this.clients, hashKey);
  }

  /** The slot's client is another now, or starts with a clean slate. */
  reset(slot: number): void {
    this.clients.reset(slot);
    this.buckets.reset(slot);
    this.unreported?.reset(slot);
  }

  /** How many requests of the client were lately served where others are served, too. */
  served(slot: number): number {
    return this.clients.count(slot, KNOWN);
  }

  /** True of a client that was lately served what others are served. */
  isServed(slot: number): boolean {
    return this.served(slot) >= SERVED_REQUESTS;
  }

  /** What the client's limits are multiplied by: more than 1 for one that loads the static files others load. */
  allowance(slot: number): number {
    const { site, clients } = this;
    return site.showsBrowsers && clients.isBare(slot) ? 1 : clients.allowance(slot);
  }

  /**
   * Observes the request in the row of a tally that begins at `row`, of the client in `slot`, at the log's clock `second`;
   * says which bucket ran over. Nothing is learned from it unless `learn`. `robot`: whether it is the robot it claims to be.
   */
  add(
    slot: number,
    rows: Uint32Array,
    row: number,
    second: number,
    learn: boolean,
    robot: Verdict = UNKNOWN,
  ): Overflow | undefined {
    if (second !== this.second) this.advance(second);
    const { request, newest } = this;
    request.gap = second - this.buckets.drainedTo(slot);
    this.drain(slot, second);
    request.read(rows, row);
    const isForgotten = this.buckets.level(slot, SCAN) === 0 && this.clients.count(slot, PROBED) < FORGOTTEN;
    if (!request.served && isForgotten) this.clients.refusals.forget(slot);
    const referrer = rows[row + REFERRER] as number;
    // Signed: of larger numbers V8 makes objects.
    newest.hash = clientHash(rows[row + HIGH] as number, rows[row + LOW] as number) | 0;
    newest.bit = clientBit(newest.hash);
    newest.at = this.site.paths.find(request.path);
    request.verified = robot === VERIFIED;
    request.refuted = robot === REFUTED;
    this.observer.observe(request, slot, newest.at, newest.bit, referrer, this.site);
    const overflow = this.judge(slot);
    if (learn) this.learn(slot, referrer);
    return overflow;
  }

  /** The client of the request that was observed last is found out: that it asked for this path, too, makes it no more usual. */
  disown(): void {
    this.site.paths.takeBack(this.newest.at, this.newest.bit);
  }

  /** Points of a rule that are tolerated of the client at once. */
  limit(slot: number, rule: number): number {
    return (this.buckets.limits[rule] as number) * this.allowance(slot);
  }

  /** Points of a rule that drain a second of what is counted of the client. */
  leak(slot: number, rule: number): number {
    return this.buckets.leak(rule, this.allowance(slot), this.clients.servedWell(slot));
  }

  /** Tells how near a client is to the limits, by default at its last request, else after what drained until `second`. */
  reach(slot: number, tell: ReportReach, second = this.buckets.drainedTo(slot)): void {
    const allowance = this.allowance(slot);
    for (let rule = 0; rule < RULES.length; rule++) {
      const once = this.buckets.limits[rule] as number;
      const level = this.levelAt(slot, rule, second);
      const share = level / (once * allowance);
      const lasting = rule === SCAN ? this.clients.count(slot, PROBED) / (LASTING * once) : 0;
      if (lasting > share) tell(rule, lasting, LASTING * once);
      else tell(rule, share, once * allowance);
    }
  }

  /** How full the client's fullest bucket is whose points count against its network, 0–1 and more, drained up to `second`. */
  suspicion(slot: number, second: number): number {
    const shares = RULES.map(({ isHostile }, rule) =>
      isHostile ? this.levelAt(slot, rule, second) / (this.buckets.limits[rule] as number) : 0,
    );
    return Math.max(...shares);
  }

  /** Points in a bucket of the client, of what is left of them at `second`; at its last request when that is before it. */
  private levelAt(slot: number, rule: number, second: number): number {
    const elapsed = second - this.buckets.drainedTo(slot);
    const level = this.buckets.level(slot, rule);
    return elapsed > 0 ? Math.max(0, level - elapsed * this.leak(slot, rule)) : level;
  }

  /** Lets time drain the client's buckets. A clock that was set back drains nothing. */
  private drain(slot: number, second: number): void {
    const { buckets, clients, unreported } = this;
    if (buckets.drainedTo(slot) === second) return;
    const elapsed = buckets.drain(slot, second, this.allowance(slot), clients.servedWell(slot));
    if (elapsed === 0) return;
    for (let rule = 0; unreported && rule < RULES.length; rule++)
      if (unreported.drains(slot, rule, second)) unreported.drain(slot, rule, elapsed, this.leak(slot, rule));
    clients.fade(slot, elapsed);
  }

  /** Pours the request's points into the buckets. */
  private judge(slot: number): Overflow | undefined {
    const { request, buckets, clients, unreported, weights } = this;
    const { limits } = buckets;
    const allowance = this.allowance(slot);
    let overflow: Overflow | undefined;
    this.spreads = false;
    this.light = isLight(request);
    if (request.served && buckets.level(slot, SCAN) > 0) {
      const back = clients.refusals.takeBack(slot, request.attempt);
      buckets.add(slot, SCAN, -back, Number.POSITIVE_INFINITY);
      clients.add(slot, PROBED, -back);
      if (back > 0) unreported?.add(slot, SCAN, -back, this.limit(slot, SCAN), this.second);
    }
    for (let rule = 0; rule < RULES.length; rule++) {
      const { weigh, isHostile } = RULES[rule] as (typeof RULES)[number];
      const weight = request.plain && isHostile ? 0 : weigh(request);
      weights[rule] = weight;
      if (weight === 0) continue;
      this.spreads ||= isHostile;
      if (rule === SCAN && !request.served) clients.refusals.noteTry(slot, request.attempt, weight);
      const limit = (limits[rule] as number) * allowance;
      const level = buckets.add(slot, rule, weight, limit);
      unreported?.add(slot, rule, weight, limit, this.second);
      if (level > limit) overflow ??= this.overflow(slot, rule, level, limit, this.leak(slot, rule));
      // Who follows the links of a site that moved is redirected all day.
      if (rule !== SCAN || request.redirected) continue;
      clients.add(slot, PROBED, weight);
      const [lasting, most] = [clients.count(slot, PROBED), LASTING * (limits[SCAN] as number)];
      if (lasting > most) overflow ??= this.overflow(slot, rule, lasting, most, most * FADING);
    }
    this.probing = (weights[SCAN] as number) > 0 && this.isSuspect(slot, SCAN);
    return overflow;
  }

  /** `leak`: points a second. */
  private overflow(slot: number, rule: number, points: number, limit: number, leak: number): Overflow {
    const { name, isHostile } = RULES[rule] as (typeof RULES)[number];
    const { served, sameAnswer, refuted } = this.request;
    const isMild = !isHostile && served && !sameAnswer && !refuted && this.suspicion(slot, this.second) === 0;
    return { condition: name, numbers: { points, pointsLimit: limit, pointsLeak: leak * 60 }, isMild };
  }

  private learn(slot: number, referrer: number): void {
    const { request, site, clients } = this;
    const { at, bit } = this.newest;
    site.noteLine(request, referrer, bit);
    const isServed = this.isServed(slot);
    if (request.known && (isServed || site.outage.isOn))
      site.outage.note(this.newest.hash, request.served ? 0 : request.status);
    // What six clients miss, or are sent on from, is no discovery: pages that lack their scripts make suspects of their readers.
    const isSuspect = this.isSuspect(slot, SCAN);
    const isRefused = request.refused || request.redirected;
    if (isRefused && isServed && (!isSuspect || request.fromLoadedPage)) site.paths.teachRefused(at, bit);
    if (isSuspect) return;
    if (request.served) {
      site.paths.teachServed(at, bit);
      const repeats = (request.post || request.change) && request.again && clients.count(slot, POSTS) >= REPEATED_POSTS;
      if (repeats && isServed && !this.isSuspect(slot, BRUTE_FORCE)) site.paths.teachRepeated(at, bit);
    }
  }

  private isSuspect(slot: number, rule: number): boolean {
    const level = this.buckets.level(slot, rule);
    return level > 0 && level > SUSPECT_SHARE * this.limit(slot, rule);
  }

  private advance(second: number): void {
    this.second = second;
    this.site.advance(second);
    this.buckets.warm(this.site.warmth);
  }
}
