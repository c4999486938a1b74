/**
 * Which clients are the robots they claim to be. Networks that operators publish are looked up when a client gets its slot.
 * DNS takes time: clients to be asked about are handed out as claims, and the answers come as verdicts.
 */

import type { ClientKey } from '../net/client-key.ts';
import { ClientRanges } from '../net/client-ranges.ts';
import { setNewest } from '../net/newest-entries.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Records } from '../traffic/records.ts';

/** Of a client: nothing is known, it is the robot of an operator who says so, or it claims to be one and is not. */
export const [UNKNOWN, VERIFIED, REFUTED] = [0, 1, 2] as const;
export type Verdict = typeof UNKNOWN | typeof VERIFIED | typeof REFUTED;

/** A network that the operator of a robot publishes. */
export interface RobotNetwork {
  readonly prefix: Prefix;
  /** The word that its user agent has in it, such as `Googlebot`. */
  readonly name: string;
}

export interface RobotVerdict extends ClientKey {
  readonly verdict: Verdict;
}

/** A client whose user agent says that it is a robot. */
export interface RobotClaim extends ClientKey {
  /** As the log has it: of an IPv6 client one of its addresses. */
  readonly address: string;
  readonly userAgent: string;
}

/** Who asks less than this in a window is never judged, robot or not. */
const CLAIM_REQUESTS = 4;
/** A client is asked about again after so many seconds: names come and go, and an answer may fail. */
const AGAIN_SECONDS = 600;
/** Claims that wait to be taken; others come again with the client's next request. */
const CLAIMS_MAX = 64;
/** Verdicts that outlast their client's slot. */
const VERDICTS_MAX = 10_000;

/** What a client's record says: the verdict, and the second in which it was asked about last. */
const [VERDICT, ASKED, WORDS] = [0, 1, 2] as const;

export class RobotVerdicts {
  /** True where somebody takes the claims and answers. */
  asking = false;
  private readonly clients: Clients;
  private readonly records: Records;
  private readonly part: number;
  private networks = new ClientRanges([]);
  private readonly answers = new Map<string, Verdict>();
  private claims: RobotClaim[] = [];

  constructor(clients: Clients) {
    this.clients = clients;
    this.records = clients.records;
    this.part = this.records.take(WORDS);
  }

  /** The verdict on the client in a slot. */
  of(slot: number): Verdict {
    return this.number(slot, VERDICT) as Verdict;
  }

  /** Replaces the published networks; clients that have a slot are looked up again. */
  setNetworks(networks: readonly RobotNetwork[]): void {
    this.networks = new ClientRanges(networks.map(({ prefix }) => prefix));
    for (const slot of this.clients.recent()) this.begin(slot, this.clients.high(slot), this.clients.low(slot));
  }

  /** A client got the slot. */
  begin(slot: number, high: number, low: number): void {
    this.set(slot, ASKED, 0);
    const answer = this.answers.size > 0 ? this.answers.get(keyOf({ high, low })) : undefined;
    this.set(slot, VERDICT, this.networks.has(high, low) ? VERIFIED : (answer ?? UNKNOWN));
  }

  /** What DNS says of clients; published networks take precedence. */
  answer(verdicts: readonly RobotVerdict[]): void {
    for (const { high, low, verdict } of verdicts) {
      if (this.networks.has(high, low)) continue;
      const key = keyOf({ high, low });
      if (verdict === UNKNOWN) this.answers.delete(key);
      else setNewest(this.answers, key, verdict, VERDICTS_MAX);
      const slot = this.clients.find(high, low);
      if (slot >= 0) this.set(slot, VERDICT, verdict);
    }
  }

  /** True when the client in the slot, which claims to be a robot at log clock `second`, is to be asked about now. */
  shouldAsk(slot: number, second: number): boolean {
    return (
      this.asking &&
      this.of(slot) !== VERIFIED &&
      this.clients.requests(slot) >= CLAIM_REQUESTS &&
      second - this.number(slot, ASKED) >= AGAIN_SECONDS &&
      this.claims.length < CLAIMS_MAX
    );
  }

  noteClaim(slot: number, second: number, address: string, userAgent: string): void {
    this.set(slot, ASKED, second);
    this.claims.push({ high: this.clients.high(slot), low: this.clients.low(slot), address, userAgent });
  }

  /** Clients to be asked about since the last call. */
  takeClaims(): readonly RobotClaim[] {
    if (this.claims.length === 0) return NO_CLAIMS;
    const { claims } = this;
    this.claims = [];
    return claims;
  }

  private number(slot: number, word: number): number {
    const { records } = this;
    return records.words[records.start(slot, this.part) + word] as number;
  }

  private set(slot: number, word: number, value: number): void {
    const { records } = this;
    records.words[records.start(slot, this.part) + word] = value;
  }
}

const NO_CLAIMS: readonly RobotClaim[] = [];

function keyOf({ high, low }: ClientKey): string {
  return `${high}:${low}`;
}
