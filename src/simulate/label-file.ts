/** The file of labels: that of hand-labelled real logs, so that one scorer serves both. */
import type { AttackKind } from './access-event.ts';

/** `loud`: at least 60 requests or 30 errors a minute, or 60 sign-in POSTs in ten; `moderate`: a third of that; `stealth`: less. */
type Tier = 'loud' | 'moderate' | 'stealth';

/** Times are epoch seconds. */
interface Burst {
  readonly start: number;
  readonly end: number;
  readonly n: number;
}

export interface LabelledAttacker {
  /** The first address seen; an IPv6 attacker is its whole network, see `client`. */
  readonly ip: string;
  readonly client: string;
  readonly kind: string;
  /** The simulation's own name of the attack. */
  readonly attack: AttackKind;
  /** Honest people have the same address. */
  readonly shared: boolean;
  readonly tier: Tier;
  readonly first: number;
  readonly last: number;
  readonly requests: number;
  /** The most requests within any 60 s and any 10 s. */
  readonly peak_60s: number;
  readonly peak_10s: number;
  /** Answers of 400 and above, 5xx included. */
  readonly errors: number;
  readonly bursts: readonly Burst[];
  readonly evidence: string;
}

export interface LabelledClient {
  readonly ip: string;
  readonly client: string;
  readonly why: string;
  readonly n: number;
  readonly peak_60s: number;
}

/** The labels file. */
export interface Labels {
  readonly description: string;
  readonly stats: {
    readonly lines: number;
    readonly first: number;
    readonly last: number;
    readonly span_hours: number;
    readonly ips: number;
    readonly rps_mean: number;
    /** The busiest second and the busiest minute of the clock. */
    readonly rps_max: number;
    readonly rpm_max: number;
    readonly status: Readonly<Record<string, number>>;
  };
  readonly how_to_use: string;
  readonly attackers: readonly LabelledAttacker[];
  readonly benign_heavy: readonly LabelledClient[];
  readonly ambiguous: readonly LabelledClient[];
  readonly minor_probers: readonly string[];
  readonly global_events: readonly { start: number; end: number; kind: string; note: string }[];
}
