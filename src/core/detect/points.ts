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
import {
  ASSET,
  HIGH,
  INFO,
  LOGIN,
  LOW,
  METHOD_MASK,
  PATTERN,
  POST,
  QUERY,
  REFERRED,
  ROBOT,
  STATUS_MASK,
  URL,
} from '../parse/tally.ts';
import { clientBit } from '../traffic/hash.ts';
import { Outage } from '../traffic/outage.ts';
import { Paths, type PathsState } from '../traffic/paths.ts';
import { ClientPoints } from './client-points.ts';
import { type TellReach, tellReachOfPoints } from './reach.ts';
import { WorkLimit } from './work-limit.ts';

/** Sets the paths of POSTs apart. */
const POST_SALT = 0x5bd1_e995;
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

/** One request, as a tally has it. */
interface Request {
  info: number;
  /** Hashes: the path with identifiers folded; path and URL in 16 bits each. */
  pattern: number;
  url: number;
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
  private readonly request: Request = { info: 0, pattern: 0, url: 0 };
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
    const info = rows[row + INFO] as number;
    request.info = info;
    request.pattern = rows[row + PATTERN] as number;
    request.url = rows[row + URL] as number;
    const bit = clientBit(rows[row + HIGH] as number, rows[row + LOW] as number);
    const status = info & STATUS_MASK;
    const post = (info & METHOD_MASK) === POST;
    const at = paths.find(post ? request.pattern ^ POST_SALT : request.pattern);
    const others = paths.othersAnswered(at, bit);
    const known = others >= options.known_clients;
    const answered = (status >= 200 && status < 300) || status === 304;
    const refused = status >= 400 && status < 499;
    const failed = status >= 500;
    const asset = answered && (info & ASSET) !== 0;
    const guessed = refused && (info & LOGIN) !== 0;
    if (clients.drain(slot, second) && learn) this.work.noteVisit();
    clients.requests[slot] = (clients.requests[slot] as number) + 1;
    if (learn) {
      this.lines++;
      if (info & REFERRED) this.referred++;
      if (asset) this.assetLines++;
      if (known && !guessed) this.outage.note(bit, refused || failed);
    }
    const excused = (failed || (refused && known && !guessed)) && this.outage.isOn(bit);
    const usual = known && (info & QUERY) === 0;

    let surprise = 0;
    if (refused) {
      const likewise = usual || paths.othersRefused(at, bit) >= options.known_clients;
      surprise = excused ? 0 : likewise ? options.surprise.usual : 1;
    } else if (failed) surprise = known || excused ? 0 : 1;
    else if (status >= 300 && !answered && status < 400) surprise = usual ? 0 : options.surprise.redirect;
    if (surprise > 0) this.surprised(slot, request, surprise);

    const guess = post && !excused && !(failed && known) ? this.guessed(slot, request, others) : 0;
    this.worked(slot, request, others, asset, excused, learn ? bit : 0);

    const share = (clients.surprises[slot] as number) / (clients.requests[slot] as number);
    if (learn && share < TEACHER_SHARE) {
      const redirected = status >= 300 && status < 400 && (clients.requests[slot] as number) > REDIRECTS_AFTER;
      if (answered || redirected) paths.teachAnswered(at, bit);
      else if (refused) paths.teachRefused(at, bit);
    }
    if (asset) clients.noteAsset(slot);
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

  private surprised(slot: number, { info, url }: Request, points: number): void {
    const { clients, options } = this;
    clients.surprises[slot] = (clients.surprises[slot] as number) + points;
    const robot = (info & ROBOT) !== 0 && (info & METHOD_MASK) !== POST ? options.robot : 1;
    const again = clients.noteSurprise(slot, url & 0xffff) ? options.surprise.repeated : 1;
    clients.surprise[slot] = (clients.surprise[slot] as number) + points * robot * again;
  }

  /** Points of a POST: full for log-ins and refused ones, fewer the more clients POST there and when it comes from a page. */
  private guessed(slot: number, { info, pattern }: Request, others: number): number {
    const { clients } = this;
    const { half, referred } = this.options.repetition;
    clients.posts[slot] = (clients.posts[slot] as number) + 1;
    const status = info & STATUS_MASK;
    let points = 1;
    if (!(info & LOGIN) && (status < 400 || status === 499)) {
      const fromPage = info & REFERRED || this.referred < REFERRED_SHARE * this.lines;
      points = (half / (half + others)) ** 2 * (fromPage ? referred : 1);
    }
    clients.repeat(slot, pattern, points);
    return points;
  }

  /** `learner`: the client's bit, 0 when nothing is learned from it. */
  private worked(
    slot: number,
    request: Request,
    others: number,
    asset: boolean,
    excused: boolean,
    learner: number,
  ): void {
    const { clients, options } = this;
    const { half, popular, repeated } = options.work;
    const status = request.info & STATUS_MASK;
    const manner = this.manner(slot, request.info);
    // What everybody asks for is light for all, whoever they are.
    const least = popular * Math.min(1, manner);
    let points = Math.max(least, (half / (half + others)) * manner);
    if (asset || status === 206) points = options.work.asset;
    else if (status < 200 || status === 499 || excused) points = popular;
    if (points > least && clients.noteRecent(slot, request.url >>> 16)) points = Math.max(least, points * repeated);
    const level = (clients.work[slot] as number) + points;
    clients.work[slot] = level;
    if (learner) clients.bin[slot] = this.work.noteWork(clients.bin[slot] as number, level, learner);
  }

  /** What work is multiplied by: less for robots that say so, more for clients that only pretend to be browsers. */
  private manner(slot: number, info: number): number {
    if (info & ROBOT && (info & METHOD_MASK) !== POST) return this.options.robot;
    const bare =
      this.clients.assets[slot] === 0 &&
      !(info & REFERRED) &&
      this.assetLines > ASSET_SHARE * this.lines &&
      this.referred > REFERRED_SHARE * this.lines;
    return bare ? this.options.work.bare : 1;
  }

  /** `share`: of the client's requests that surprise, 0 when this one did not. `guess`: this one was a suspicious POST. */
  private judge(slot: number, share: number, guess: boolean): Overflow | undefined {
    const { clients, options, warmth } = this;
    const browser = (clients.assets[slot] as number) >= options.browser_assets;
    const surprise = (clients.surprise[slot] as number) * Math.min(1, share);
    const surpriseLimit = options.surprise.limit * warmth;
    if (share > options.surprise.share && surprise > surpriseLimit) {
      clients.surprise[slot] = surpriseLimit;
      return overflow('surprise', surprise, surpriseLimit, options.surprise.leak, share, options.surprise.share);
    }
    const repetition = clients.repetition[slot] as number;
    const repetitionLimit = options.repetition.limit * warmth * (browser ? options.repetition.browser_times : 1);
    const postShare = (clients.posts[slot] as number) / (clients.requests[slot] as number);
    if (guess && repetition > repetitionLimit && postShare > options.repetition.share) {
      clients.repetition[slot] = repetitionLimit;
      const { leak, share: shareLimit } = options.repetition;
      return overflow('repetition', repetition, repetitionLimit, leak, postShare, shareLimit);
    }
    const work = clients.work[slot] as number;
    const workLimit = this.work.limit * warmth * (browser ? options.work.browser_times : 1);
    if (work <= workLimit) return undefined;
    clients.work[slot] = workLimit;
    return overflow('work', work, workLimit, options.work.leak);
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
