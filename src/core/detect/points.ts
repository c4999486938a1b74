/** The rules for one client: observes every request, adds up its points in leaky buckets, and says which one runs over. */
import type { PointsOptions } from '../engine-options.ts';
import type { Condition, PointsEvidence } from '../event.ts';
import { PathFeatures } from '../parse/request-features.ts';
import { HIGH, LOW, REFERRER } from '../parse/tally.ts';
import { clientBit } from '../traffic/hash.ts';
import { grown } from '../traffic/key-index.ts';
import { Outage } from '../traffic/outage.ts';
import { OwnHosts } from '../traffic/own-hosts.ts';
import { Paths, type PathsState } from '../traffic/paths.ts';
import { ClientState } from './client-state.ts';
import { weighFlood } from './flood.ts';
import { isAcknowledgement, weighGuess } from './guess.ts';
import type { TellReach } from './reach.ts';
import { Request } from './request.ts';
import { weighScan } from './scan.ts';
import { weighScrape } from './scrape.ts';
import { WorkLimit } from './work-limit.ts';

const num = (name: string, fallback: number): number => Number(process.env[name] ?? fallback);
export const RULES = [
  { name: 'scan', limit: num('SCAN', 12), leak: num('SCANL', 1.2), weigh: weighScan },
  { name: 'brute_force', limit: num('GUESS', 7), leak: num('GUESSL', 1.3), weigh: weighGuess },
  { name: 'scrape', limit: num('SCRAPE', 30), leak: num('SCRAPEL', 7), weigh: weighScrape },
  { name: 'flood', limit: num('FLOOD', 45), leak: num('FLOODL', 6), weigh: weighFlood },
] as const;
const COUNT = RULES.length;
const [SCAN, GUESS, SCRAPE] = [0, 1, 2];
const VISIT_SECONDS = 600;
const EASE_MAX = num('EASE', 2.2);
const EASE_ASSETS = num('EASEA', 8);
/** A path is known from so many other clients on. */
const KNOWN = 6;
const HALF = 6;
const REPEATS = 8;
const CONFIDENT_SECONDS = 8 * 3600;
const REPEATERS = 3;
const REPEATERS_SHARE = 0.5;
function pathHash(path: string): number {
  const bytes = new TextEncoder().encode(path);
  const features = new PathFeatures();
  features.read(bytes, 0, bytes.length);
  return features.pattern;
}
/** Path by which crawlers ask what they may read (RFC 9309). */
const ROBOTS_TXT = pathHash('/robots.txt');
const ASSET_SHARE = 0.1;
const REFERRED_SHARE = 0.05;

/** The level that is over its limit. */
export interface Overflow {
  readonly condition: Condition;
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
  readonly clients = new ClientState();
  readonly paths = new Paths();
  blamed = false;
  light = false;
  private readonly options: PointsOptions;
  private readonly request = new Request();
  private readonly newest = { at: 0, bit: 0 };
  private readonly outage = new Outage();
  private readonly hosts = new OwnHosts();
  private readonly work: WorkLimit;
  private readonly flood: WorkLimit;
  private levels = new Float32Array(COUNT * 1024);
  private last = new Uint32Array(1024);
  private bin = new Uint8Array(1024);
  private floodBin = new Uint8Array(1024);
  private startSecond = 0;
  private second = 0;
  private warmth = 1;
  /** How well it is known what the site's clients send: 0 at first, 1 after hours. */
  private confidence = 0;
  private lines = 0;
  private referred = 0;
  private assetLines = 0;

  constructor(options: PointsOptions) {
    this.options = options;
    this.work = new WorkLimit({ ...options.work, limit: RULES[SCRAPE].limit });
    this.flood = new WorkLimit({ ...options.work, limit: RULES[3].limit });
  }

  reserve(capacity: number): void {
    this.clients.reserve(capacity);
    if (capacity <= this.last.length) return;
    this.last = grown(this.last, capacity);
    this.bin = grown(this.bin, capacity);
    this.floodBin = grown(this.floodBin, capacity);
    this.levels = grown(this.levels, COUNT * capacity);
  }

  reset(slot: number): void {
    if (slot >= this.last.length) return;
    this.clients.reset(slot);
    this.last[slot] = this.bin[slot] = this.floodBin[slot] = 0;
    this.levels.fill(0, slot * COUNT, (slot + 1) * COUNT);
  }

  add(slot: number, rows: Uint32Array, row: number, second: number, learn: boolean): Overflow | undefined {
    if (second !== this.second) this.advance(second);
    const { request } = this;
    request.read(rows, row);
    this.drain(slot, second, learn);
    const bit = clientBit(rows[row + HIGH] as number, rows[row + LOW] as number);
    const at = this.paths.find(request.path);
    this.observe(slot, at, bit, rows[row + REFERRER] as number);
    let over: Overflow | undefined;
    const ease = this.ease(slot);
    const { levels } = this;
    for (let i = 0, cell = slot * COUNT; i < COUNT; i++, cell++) {
      const rule = RULES[i] as (typeof RULES)[number];
      const points = rule.weigh(request);
      if (i === SCAN) this.blamed = points >= 0.5 && request.refused && (levels[cell] as number) > 5;
      if (i === 3) this.light = points <= 0.02;
      if (points === 0) continue;
      const level = (levels[cell] as number) + points;
      const limit = rule.limit * this.warmth * ease * this.times(i);
      levels[cell] = level;
      if (level <= limit || over) continue;
      levels[cell] = limit;
      over = { condition: rule.name, numbers: { points: level, points_limit: limit, points_leak: rule.leak * ease } };
    }
    this.learn(slot, at, bit, rows[row + REFERRER] as number, learn);
    return over;
  }

  disown(slot: number): void {
    this.work.takeBack(this.bin[slot] as number);
    this.flood.takeBack(this.floodBin[slot] as number);
    this.bin[slot] = this.floodBin[slot] = 0;
    this.paths.takeBack(this.newest.at, this.newest.bit);
  }

  reach(_slot: number, _tell: TellReach): void {}

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

  private times(i: number): number {
    return i === SCRAPE ? this.work.times : i === 3 ? this.flood.times : 1;
  }

  ease(slot: number): number {
    return 1 + (EASE_MAX - 1) * Math.min(1, (this.clients.assets[slot] as number) / EASE_ASSETS);
  }

  private drain(slot: number, second: number, learn: boolean): void {
    const last = this.last[slot] as number;
    if (last === second) return;
    this.last[slot] = second;
    if (last === 0 || second - last > VISIT_SECONDS) if (learn) {
      this.work.noteVisit();
      this.flood.noteVisit();
    }
    if (last === 0 || second < last) return;
    const ease = this.ease(slot);
    const minutes = (second - last) / 60;
    const { levels } = this;
    for (let i = 0, cell = slot * COUNT; i < COUNT; i++, cell++) {
      const rule = RULES[i] as (typeof RULES)[number];
      const leak = rule.leak * (i === 3 ? 1 : i === SCRAPE ? ease * ease : ease) * this.times(i) + (i === SCAN ? num('SERVEDL', 2.5) * Math.min(1, (this.clients.pages[slot] as number) / 30) : 0);
      levels[cell] = Math.max(0, (levels[cell] as number) - leak * minutes);
    }
    if (levels[slot * COUNT] === 0) this.clients.forgetRefused(slot);
    if (levels[slot * COUNT + SCRAPE] === 0) this.bin[slot] = 0;
    if (levels[slot * COUNT + 3] === 0) this.floodBin[slot] = 0;
    this.clients.fade(slot, second - last);
  }

  private observe(slot: number, at: number, bit: number, referrer: number): void {
    const { request, clients, paths } = this;
    const others = paths.othersAnswered(at, bit);
    request.known = others >= KNOWN;
    request.likewise = paths.othersRefused(at, bit) >= KNOWN;
    request.rarity = HALF / (HALF + others);
    const repeaters = paths.othersRepeating(at, bit);
    request.usualToRepeat = repeaters >= REPEATERS && repeaters >= REPEATERS_SHARE * others;
    if (request.page === ROBOTS_TXT) clients.polite[slot] = 1;
    request.robot ||= clients.polite[slot] === 1;
    request.fromOwnPage = this.hosts.has(referrer);
    request.excused = this.outage.isOn(bit);
    const habit = clients.findHabit(slot, request.habit);
    request.again = habit >= 0;
    request.sameUrl = habit >= 0 && clients.isSameUrl(habit, request.habit);
    request.wasServed = clients.wasServed(habit);
    request.paths = !request.served && request.status !== 499 ? clients.noteRefused(slot, request.url >>> 16) : 0;
    if (request.paths > 0 && request.status !== 401 && !request.failed) clients.noteTry(slot, request.url >>> 16, request.redirected);
    request.loads = request.post ? clients.takeLoad(slot, request.page, request.pageHabit) : 0;
    request.browser = request.fromOwnPage && (clients.assets[slot] as number) >= 3;
    request.acknowledged = request.served && isAcknowledgement(request.size);
    request.sameAnswer =
      request.served && request.status !== 304 && !request.post && !request.picture && !request.known && !request.again && !request.accepted && request.size > 32 && clients.noteSize(slot, request.size);
    request.verified = false;
    request.confidence = this.confidence;
    request.next = clients.numbered[slot] === request.page && request.number === (clients.number[slot] as number) + 1;
    if (!request.asset) {
      clients.numbered[slot] = request.page;
      clients.number[slot] = request.number;
    }
    request.bare =
      clients.assets[slot] === 0 && referrer === 0 && this.assetLines > ASSET_SHARE * this.lines && this.referred > REFERRED_SHARE * this.lines;
    if (request.asset && request.known) {
      clients.assets[slot] = (clients.assets[slot] as number) + 1;
      clients.pages[slot] = (clients.pages[slot] as number) + 1;
      return;
    }
    clients.noteHabit(slot, request.habit, habit, request.served);
    if (request.post) {
      clients.posts[slot] = (clients.posts[slot] as number) + 1;
      const before = clients.postSize[slot] as number;
      request.varied = before > 0 && Math.abs(before - request.size) > Math.max(16, 0.02 * before);
      clients.postSize[slot] = request.size;
    }
    else if (request.served && !request.asset) {
      clients.noteLoad(slot, request.page);
      if (!request.wasServed && !request.sameAnswer && !request.payload) clients.pages[slot] = (clients.pages[slot] as number) + 1;
    }
    if (request.served && request.known) clients.served[slot] = (clients.served[slot] as number) + 1;
    if (request.served) {
      const cell = slot * COUNT;
      this.levels[cell] = Math.max(0, (this.levels[cell] as number) - [0, 0.6, 1][clients.takeTry(slot, request.url >>> 16)]!);
    }
  }

  private learn(slot: number, at: number, bit: number, referrer: number, learn: boolean): void {
    this.newest.at = at;
    this.newest.bit = bit;
    if (!learn) return;
    const { request, clients, levels } = this;
    this.lines++;
    if (referrer !== 0) this.referred++;
    if (request.asset) {
      this.assetLines++;
      if (referrer !== 0) this.hosts.note(referrer, bit);
    }
    if (request.known) this.outage.note(bit, request.refused || request.failed);
    const cell = slot * COUNT;
    this.bin[slot] = this.work.noteWork(this.bin[slot] as number, levels[cell + SCRAPE] as number, bit);
    this.floodBin[slot] = this.flood.noteWork(this.floodBin[slot] as number, levels[cell + 3] as number, bit);
    if ((levels[cell + SCAN] as number) > 0.5 * RULES[SCAN].limit) return;
    if (request.served) {
      this.paths.teachAnswered(at, bit);
      if (request.post && request.again && (clients.posts[slot] as number) >= REPEATS && (clients.served[slot] as number) >= 3 && (levels[cell + GUESS] as number) < 0.5 * RULES[GUESS].limit) this.paths.teachRepeated(at, bit);
    } else if (request.refused && (clients.served[slot] as number) >= 4) this.paths.teachRefused(at, bit);
  }

  private advance(second: number): void {
    const { warmup, warmup_times } = this.options;
    if (this.startSecond === 0 || second < this.startSecond) this.startSecond = second;
    this.second = second;
    const left = warmup === 0 ? 0 : Math.max(0, 1 - ((second - this.startSecond) * 1000) / warmup);
    this.warmth = 1 + (warmup_times - 1) * left;
    this.confidence = Math.min(1, (second - this.startSecond) / CONFIDENT_SECONDS);
    this.paths.advance(second);
    this.outage.advance(second);
    this.work.advance(second);
    this.flood.advance(second);
  }
}
