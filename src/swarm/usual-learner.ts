/** Takes some of the newest lines into the digest of usual traffic: many at once and seldom, which costs less. */
import { HIGH, LOW, SECOND } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence } from '../traffic/evidence.ts';
import { clientHash, mixBits } from '../traffic/hash.ts';
import type { Lanes } from './lanes.ts';
import { TRAITS } from './look.ts';
import type { LookHasher } from './look-hasher.ts';
import type { UsualTraffic } from './usual-traffic.ts';

const MINUTE = 60;
/** Lines are taken so often while nobody is suspect, and when so many came: evidence forgets what is older. */
const [LEARN_SECONDS, LEARN_LINES_MAX] = [960, 8000];

export class UsualLearner {
  private readonly usual: UsualTraffic;
  private readonly lanes: Lanes;
  private readonly evidence: Evidence;
  private readonly clients: Clients;
  private readonly hasher: LookHasher;
  /** The look of the line that is being learned. */
  private readonly look = new Uint32Array(TRAITS.length);
  /** Lines that were looked at, and when. */
  private seen = 0;
  private seenAt = 0;

  constructor(usual: UsualTraffic, lanes: Lanes, evidence: Evidence, clients: Clients, hasher: LookHasher) {
    this.usual = usual;
    this.lanes = lanes;
    this.evidence = evidence;
    this.clients = clients;
    this.hasher = hasher;
  }

  /** True when it is time to take lines again. */
  isDue(now: number, isSuspect: boolean): boolean {
    return now % (isSuspect ? MINUTE : LEARN_SECONDS) === 0 || this.evidence.total - this.seen > LEARN_LINES_MAX;
  }

  /** Takes lines that came since the last time: not what a lane stops, nor those of clients that are `isSuspect`. */
  learn(now: number, isSuspect: (slot: number) => boolean): void {
    const { usual, lanes, evidence, clients, hasher, look } = this;
    const lines = evidence.total - this.seen;
    const minutes = (now - Math.max(this.seenAt, now - LEARN_SECONDS)) / MINUTE;
    this.seen = evidence.total;
    this.seenAt = now;
    // Under the installation's key, so that nobody outside knows which lines count.
    const phase = mixBits(now ^ hasher.options.hashKey) / 2 ** 32;
    evidence.sample(lines, usual.quota(lines, minutes), phase, (segment, at) => {
      const { rows } = segment.tally;
      const high = rows[at + HIGH] as number;
      const low = rows[at + LOW] as number;
      const second = rows[at + SECOND] as number;
      const slot = clients.find(high, low);
      const isShutOut = slot >= 0 && (clients.bannedUntil(slot) > second || clients.flaggedUntil(slot) >= second);
      if (isShutOut || isSuspect(slot)) return;
      const values = evidence.scan(segment, at);
      if (!values) return;
      hasher.hash(values, high, low, look, 0);
      if (!lanes.matches(look, 0)) usual.add(second, clientHash(high, low), look);
    });
  }
}
