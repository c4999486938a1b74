/**
 * Points: every request adds some by what it is, time drains them, and a client that has too many is anomalous.
 *
 *   surprise    refused or redirected requests for what nobody else gets here       scanners, harvesters
 *   repetition  the same POST again and again                                       password guessing, form floods
 *   work        everything, weighed by how unusual it is on this site               scrapers, floods
 *
 * What is usual is learned path by path, and only from clients most of whose requests are answered.
 */
import type { PointsOptions } from '../engine-options.ts';
import type { Condition, PointsEvidence } from '../event.ts';
import { HIGH, LOW } from '../parse/tally.ts';
import { clientBit } from '../traffic/hash.ts';
import { Outage } from '../traffic/outage.ts';
import { Paths, type PathsState } from '../traffic/paths.ts';
import { ClientPoints } from './client-points.ts';
import { type TellReach, tellReachOfPoints } from './reach.ts';
import { Request, ROBOTS_TXT } from './request.ts';
import { WorkLimit } from './work-limit.ts';

/** A site's visitors send referers, or load static files, when this share of all lines do. */
const [REFERRED_SHARE, ASSET_SHARE] = [0.05, 0.1];
/** A client teaches while fewer of its requests surprise; by redirects only after its first few requests. */
const TEACHER_SHARE = 0.5;
const REDIRECTS_AFTER = 3;

/** The level that is over its limit. */
export interface Overflow {
  readonly condition: Condition & ('surprise' | 'repetition' | 'work');
  readonly numbers: PointsEvidence;
}

/** What survives a restart. */
export interface PointsState {
  readonly startSecond: number;
  readonly lines: number;
  readonly referred: number;
  readonly assetLines: number;
  readonly visits: readonly number[];
  readonly paths: PathsState;
}

export class Points {
  readonly clients: ClientPoints;
  readonly paths = new Paths();
  private readonly options: PointsOptions;
  private readonly request = new Request();
  /** True when the request that was added last was refused (4xx) for what this client alone asks; 401 asks for a password. */
  blamed = false;
  /** Path and client's bit of the request that was added last. */
  private readonly newest = { at: 0, bit: 0 };
  private readonly outage = new Outage();
  private readonly work: WorkLimit;
  /** Second of the very first line; 0 before it. */
  private startSecond = 0;
  private second = 0;
  /** What all limits are multiplied by while warming up. */
  private warmth = 1;
  /** All lines learned from, those with a referer, those that were answered with a static file. */
  private lines = 0;
  private referred = 0;
  private assetLines = 0;

  constructor(options: PointsOptions) {
    this.options = options;
    this.clients = new ClientPoints(options);
    this.work = new WorkLimit(options.work);
  }

  /**
   * Adds up the request in the row of a tally that begins at `row`, of the client in `slot`, at the log's clock `second`;
   * tells when that is too much. Nothing is learned from it unless `learn`.
   */
  add(slot: number, rows: Uint32Array, row: number, second: number, learn: boolean): Overflow | undefined {
    if (second !== this.second) this.advance(second);
    const { clients, paths, options, request } = this;
    request.read(rows, row);
    const { answered, refused, failed } = request;
    const bit = clientBit(rows[row + HIGH] as number, rows[row + LOW] as number);
    const at = paths.find(request.path);
    const others = paths.othersAnswered(at, bit);
    const known = others >= options.known_clients;
    const recent = clients.findRecent(slot, request.url);
    const before = clients.wasAnswered(recent);
    const guessed = refused && request.login;
    if (clients.drain(slot, second, this.work.times) && learn) this.work.noteVisit();
    clients.requests[slot] = (clients.requests[slot] as number) + 1;
    if (learn) this.learn(known && !guessed, bit);
    const broken = (failed || (refused && known && !guessed)) && this.outage.isOn(bit);
    const excused = broken || (before && request.lapsed);

    const surprise = excused ? 0 : this.surprise(at, bit, known);
    this.blamed = refused && surprise === 1 && request.status !== 401;
    if (surprise > 0) this.surprised(slot, surprise);
    else if (answered) clients.takeBack(slot, request.url);
    const guess = request.post && !broken && !(failed && known) ? this.guessed(slot, others, before) : 0;
    this.worked(slot, others, excused, recent, learn ? bit : 0);

    const share = (clients.surprises[slot] as number) / (clients.requests[slot] as number);
    if (learn && share < TEACHER_SHARE) {
      const redirected = request.redirected && (clients.requests[slot] as number) > REDIRECTS_AFTER;
      if (answered || redirected) paths.teachAnswered(at, bit);
      else if (refused) paths.teachRefused(at, bit);
    }
    if (request.asset) clients.noteAsset(slot);
    else if (request.accepted && !request.post) clients.noteChange(slot);
    else clients.noteRecent(slot, request.url, recent, answered);
    if (request.path === ROBOTS_TXT) clients.polite[slot] = 1;
    this.newest.at = at;
    this.newest.bit = bit;
    return this.judge(slot, surprise > 0 ? share : 0, guess > 0);
  }

  /**
   * The client of the request that was added last is found out: its visit is none of the usual ones, and that it asked for
   * this path, too, makes it no more usual for the next attacker.
   */
  disown(slot: number): void {
    this.work.takeBack(this.clients.bin[slot] as number);
    this.clients.bin[slot] = 0;
    this.paths.takeBack(this.newest.at, this.newest.bit);
  }

  /** Tells how near a client is to the limits. */
  reach(slot: number, tell: TellReach): void {
    tellReachOfPoints(slot, this.clients, this.options, this.warmth, this.work.limit * this.warmth, tell);
  }

  snapshot(): PointsState {
    const { startSecond, lines, referred, assetLines } = this;
    return { startSecond, lines, referred, assetLines, visits: this.work.snapshot(), paths: this.paths.snapshot() };
  }

  restore(state: PointsState): void {
    this.startSecond = state.startSecond;
    this.lines = state.lines;
    this.referred = state.referred;
    this.assetLines = state.assetLines;
    this.work.restore(state.visits);
    this.paths.restore(state.paths);
  }

  private advance(second: number): void {
    const { warmup, warmup_times } = this.options;
    if (this.startSecond === 0 || second < this.startSecond) this.startSecond = second;
    this.second = second;
    const left = warmup === 0 ? 0 : Math.max(0, 1 - ((second - this.startSecond) * 1000) / warmup);
    this.warmth = 1 + (warmup_times - 1) * left;
    this.paths.advance(second);
    this.outage.advance(second);
    this.work.advance(second);
  }

  /** Counts the sorts of clients that the site has, and notes whether it works. */
  private learn(known: boolean, bit: number): void {
    const { request } = this;
    this.lines++;
    if (request.fromPage) this.referred++;
    if (request.asset) this.assetLines++;
    if (known) this.outage.note(bit, request.refused || request.failed);
  }

  /** How surprising the request of the client `bit` for the path in place `at` is. */
  private surprise(at: number, bit: number, known: boolean): number {
    const { request, options } = this;
    const usual = known && !request.hasQuery;
    if (request.refused) {
      const likewise = usual || request.missing || this.paths.othersRefused(at, bit) >= options.known_clients;
      return likewise ? options.surprise.usual : 1;
    }
    if (request.failed) return known ? 0 : 1;
    return request.redirected && !usual ? options.surprise.redirect : 0;
  }

  private surprised(slot: number, points: number): void {
    const { clients, options, request } = this;
    clients.surprises[slot] = (clients.surprises[slot] as number) + points;
    const robot = request.robot ? options.robot : 1;
    const again = clients.noteSurprise(slot, request.url) ? options.surprise.repeated : 1;
    clients.surprise[slot] = (clients.surprise[slot] as number) + points * robot * again;
  }

  /**
   * Points of a POST: full for log-ins and refused ones; fewer the more clients POST there, and when it comes from a page
   * or a program that says it is one; none for what is accepted, and for a browser. `before`: the client was answered there.
   */
  private guessed(slot: number, others: number, before: boolean): number {
    const { clients, request } = this;
    const { half, ordinary } = this.options.repetition;
    clients.posts[slot] = (clients.posts[slot] as number) + 1;
    const browser = this.isBrowser(slot);
    let points = browser ? this.options.browser : 1;
    if (!request.login && (before || !(request.refused || request.failed))) {
      const fromPage = request.fromPage || !request.browserAgent || this.referred < REFERRED_SHARE * this.lines;
      points = browser || request.accepted ? 0 : (half / (half + others)) ** 2 * (fromPage ? ordinary : 1);
      if (request.fromPage && !this.showsAssets()) points *= this.options.browser;
    }
    clients.repeat(slot, request.path, points);
    return points;
  }

  /** `learner`: the client's bit, 0 when nothing is learned from it. `recent`: where the path stands among its last ones. */
  private worked(slot: number, others: number, excused: boolean, recent: number, learner: number): void {
    const { clients, options, request } = this;
    const { half, popular, repeated } = options.work;
    const { status } = request;
    const manner = this.manner(slot);
    // What everybody asks for is light for all, whoever they are.
    const least = popular * Math.min(1, manner);
    let points = Math.max(least, (half / (half + others)) * manner);
    const letIn = (clients.changes[slot] as number) >= options.browser_assets && request.answered;
    if (request.asset || request.missing || request.accepted || letIn || status === 206) points = options.work.asset;
    else if (status < 200 || status === 401 || status === 499 || excused) points = popular;
    else if (points > least && recent >= 0) {
      points = clients.isSameUrl(recent, request.url) ? least : Math.max(least, points * repeated);
    }
    const level =
      (clients.work[slot] as number) +
      points * (this.isBrowser(slot) || (request.fromPage && !this.showsAssets()) ? options.browser : 1);
    clients.work[slot] = level;
    if (learner) clients.bin[slot] = this.work.noteWork(clients.bin[slot] as number, level, learner);
  }

  /** What work is multiplied by: less for robots that say so, more for clients that only pretend to be browsers. */
  private manner(slot: number): number {
    const { clients, request, options } = this;
    if (request.robot || (clients.polite[slot] && !request.post)) return options.robot;
    const bare =
      clients.assets[slot] === 0 &&
      !request.fromPage &&
      this.showsAssets() &&
      this.referred > REFERRED_SHARE * this.lines;
    return bare ? options.work.bare : 1;
  }

  /** False where static files are served elsewhere, not logged, or not there: then nobody can show that it is a browser. */
  private showsAssets(): boolean {
    return this.assetLines > ASSET_SHARE * this.lines;
  }

  private isBrowser(slot: number): boolean {
    return (this.clients.assets[slot] as number) >= this.options.browser_assets;
  }

  /** `share`: of the client's requests that surprise, 0 when this one did not. `guess`: this one was a suspicious POST. */
  private judge(slot: number, share: number, guess: boolean): Overflow | undefined {
    const { clients, options, warmth } = this;
    const surprise = (clients.surprise[slot] as number) * Math.min(1, share);
    const surpriseLimit = options.surprise.limit * warmth;
    if (share > options.surprise.share && surprise > surpriseLimit) {
      clients.surprise[slot] = surpriseLimit;
      return overflow('surprise', surprise, surpriseLimit, options.surprise.leak, share, options.surprise.share);
    }
    const repetition = clients.repetition[slot] as number;
    const repetitionLimit = options.repetition.limit * warmth;
    const postShare = (clients.posts[slot] as number) / (clients.requests[slot] as number);
    if (guess && repetition > repetitionLimit && postShare > options.repetition.share) {
      clients.repetition[slot] = repetitionLimit;
      const { leak, share: shareLimit } = options.repetition;
      return overflow('repetition', repetition, repetitionLimit, leak, postShare, shareLimit);
    }
    const work = clients.work[slot] as number;
    const workLimit = this.work.limit * warmth;
    if (work <= workLimit) return undefined;
    clients.work[slot] = workLimit;
    return overflow('work', work, workLimit, options.work.leak * this.work.times);
  }
}

function overflow(
  condition: Overflow['condition'],
  points: number,
  limit: number,
  leak: number,
  share?: number,
  shareLimit = 0,
): Overflow {
  const total = { points, points_limit: limit, points_leak: leak };
  if (share === undefined) return { condition, numbers: total };
  return { condition, numbers: { ...total, points_share: share, points_share_limit: shareLimit } };
}
