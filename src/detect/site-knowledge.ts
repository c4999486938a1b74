/** What is known of the site: what others are served and refused, which hosts are its own, whether it works, and for how long. */
import { Outage } from '../traffic/outage.ts';
import { OwnHosts } from '../traffic/own-hosts.ts';
import { Paths, type PathsState } from '../traffic/paths.ts';
import type { Request } from './request.ts';

/** At the very first line limits are this many times as high; they sink to their values within so many seconds. */
const [WARMUP_TIMES, WARMUP_SECONDS] = [3, 3600];
/** After so many seconds it is known what clients send here. */
const CONFIDENT_SECONDS = 8 * 3600;
/** A site's visitors send referers, or load static files, when this share of all lines do: hardly any do at an app's API, a fifth and more elsewhere. */
const [REFERRED_SHARE, FILE_SHARE] = [0.05, 0.1];

/** What survives a restart. */
export interface SiteKnowledgeState {
  /** Key of the hashes in it. */
  readonly hashKey: number;
  readonly startSecond: number;
  readonly lines: number;
  readonly referred: number;
  readonly fileLines: number;
  readonly hosts: readonly (readonly number[])[];
  readonly paths: PathsState;
}

export class SiteKnowledge {
  readonly paths = new Paths();
  readonly hosts = new OwnHosts();
  readonly outage = new Outage();
  /** How well it is known what clients send here: 0 at first, 1 after hours. */
  confidence = 0;
  /** How many times as high limits are while the site is young. */
  warmth = 1;
  private readonly hashKey: number;
  /** Second of the very first line; 0 before it. */
  private startSecond = 0;
  /** All lines learned from, those with a referer, those that were answered with a static file. */
  private lines = 0;
  private referred = 0;
  private fileLines = 0;

  /** `hashKey` is that of the parsers. */
  constructor(hashKey: number) {
    this.hashKey = hashKey;
  }

  /** Visitors load static files and send referers. */
  get showsBrowsers(): boolean {
    return this.fileLines > FILE_SHARE * this.lines && this.referred > REFERRED_SHARE * this.lines;
  }

  /** Moves to epoch second `second`. */
  advance(second: number): void {
    if (this.startSecond === 0 || second < this.startSecond) this.startSecond = second;
    const age = second - this.startSecond;
    this.warmth = 1 + (WARMUP_TIMES - 1) * Math.max(0, 1 - age / WARMUP_SECONDS);
    this.confidence = Math.min(1, age / CONFIDENT_SECONDS);
    this.paths.advance(second);
    this.outage.advance(second);
  }

  /** Counts a line of the client that `bit` stands for; `referrer` is the hash of the host it came from, 0 without one. */
  noteLine(request: Request, referrer: number, bit: number): void {
    this.lines++;
    if (referrer !== 0) this.referred++;
    if (!request.asset) return;
    this.fileLines++;
    if (referrer !== 0) this.hosts.note(referrer, bit);
  }

  snapshot(): SiteKnowledgeState {
    const { hashKey, startSecond, lines, referred, fileLines } = this;
    const [hosts, paths] = [this.hosts.snapshot(), this.paths.snapshot()];
    return { hashKey, startSecond, lines, referred, fileLines, hosts, paths };
  }

  restore({ hashKey, startSecond, lines, referred, fileLines, hosts, paths }: SiteKnowledgeState): void {
    [this.startSecond, this.lines] = [startSecond, lines];
    [this.referred, this.fileLines] = [referred, fileLines];
    this.hosts.restore(hosts);
    if (hashKey === this.hashKey) this.paths.restore(paths);
  }
}
