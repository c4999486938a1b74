/**
 * How much work a visit may be here. Sites whose visitors all ask for much that is rare (mirrors, archives) get a higher
 * limit. Attackers must not raise it: visits that end in a ban are taken back, and one client's many
 * visits are not enough.
 */
import { distinctClients } from '../traffic/hash.ts';

const BINS = 64;
/** Quarter octaves. */
const BINS_PER_OCTAVE = 4;
const BIN_STARTS = Float64Array.from({ length: BINS }, (_, bin) => 2 ** (bin / BINS_PER_OCTAVE));
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
/** It grows where at least so many clients, and this share of all visits, reach more: to so many times what they reach, at most so many times the limit. */
const [PEERS, PEERS_SHARE, PEERS_TIMES, GROW_MAX] = [10, 0.001, 2, 4];
/** What is left of the counts after an hour. */
const HOUR_FADE = 0.97;

export class WorkLimit {
  /** Points tolerated. */
  limit: number;
  private readonly configured: number;
  /** [0]: visits; [bin]: visits whose work reached 2^(bin/4) points. */
  private reached = new Float64Array(BINS);
  /** By bin: which clients did, as sets of 32 bits, today and yesterday. */
  private clients = new Uint32Array(BINS);
  private clientsBefore = new Uint32Array(BINS);
  private day = -1;
  private nextMinute = 0;
  private nextHour = 0;

  constructor(limit: number) {
    this.limit = this.configured = limit;
  }

  /** How many times as much as configured is tolerated, and drains. */
  get times(): number {
    return this.limit / this.configured;
  }

  noteVisit(): void {
    this.reached[0] = (this.reached[0] as number) + 1;
  }

  /** Notes that a visit of the client `bit` whose work had reached bin `from` reached `points`; the bin it has reached now. */
  noteWork(from: number, points: number, bit: number): number {
    let bin = from;
    while (bin + 1 < BINS && points >= (BIN_STARTS[bin + 1] as number)) {
      bin++;
      this.reached[bin] = (this.reached[bin] as number) + 1;
      this.clients[bin] = (this.clients[bin] as number) | bit;
    }
    return bin;
  }

  /** The visit that reached `bin` was an attack. */
  takeBack(bin: number): void {
    for (; bin > 0; bin--) this.reached[bin] = Math.max(0, (this.reached[bin] as number) - 1);
  }

  advance(second: number): void {
    // Also when the clock was set back.
    if (second < this.nextMinute && second >= this.nextMinute - MINUTE) return;
    this.nextMinute = second + MINUTE;
    if (second >= this.nextHour || second < this.nextHour - HOUR) {
      this.nextHour = second + HOUR;
      for (let bin = 0; bin < BINS; bin++) this.reached[bin] = (this.reached[bin] as number) * HOUR_FADE;
      this.turnTo(Math.floor(second / DAY));
    }
    this.recompute();
  }

  snapshot(): readonly number[] {
    return [this.day, ...this.reached, ...this.clients, ...this.clientsBefore];
  }

  /** States of another length are those of another version: there is nothing in them to go on with. */
  restore([day = -1, ...words]: readonly number[]): void {
    if (words.length !== 3 * BINS) return;
    this.day = day;
    this.reached = Float64Array.from(words.slice(0, BINS));
    this.clients = Uint32Array.from(words.slice(BINS, 2 * BINS));
    this.clientsBefore = Uint32Array.from(words.slice(2 * BINS));
    this.recompute();
  }

  private turnTo(day: number): void {
    if (day === this.day) return;
    [this.clients, this.clientsBefore] = [this.clientsBefore, this.clients];
    this.clients.fill(0);
    this.day = day;
  }

  private recompute(): void {
    const enough = Math.max(PEERS, PEERS_SHARE * (this.reached[0] as number));
    const isUsual = (visits: number, bin: number): boolean =>
      visits >= enough && distinctClients((this.clients[bin] as number) | (this.clientsBefore[bin] as number)) >= PEERS;
    const top = this.reached.findLastIndex((visits, bin) => bin > 0 && isUsual(visits, bin));
    const usual = top < 0 ? 0 : PEERS_TIMES * 2 ** (top / BINS_PER_OCTAVE);
    this.limit = Math.min(GROW_MAX * this.configured, Math.max(this.configured, usual));
  }
}
