/** What a trial is: one attacker, or one honest oddity, in the ordinary traffic of a simulated site. */
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import type { Random } from '../../src/simulate/random.ts';
import type { TrialSite } from './site.ts';

/** A request of a trial. Absent fields are those of an ordinary page: GET, 200, 1000 bytes, no referer. */
export interface Sent {
  /** Seconds after the trial's background was forked. */
  readonly atS: number;
  readonly ip: string;
  /** Empty for none. */
  readonly agent: string;
  readonly method?: string;
  readonly path: string;
  readonly status?: number;
  readonly bytes?: number;
  readonly referer?: string;
  /** What has to be stopped; the rest of an attacker's requests are disguise. */
  readonly attack?: boolean;
}

/** What a trial does to its background. */
export interface Play {
  readonly requests: readonly Sent[];
  /** Attack requests that may get through. */
  readonly budget?: number;
  /** Replaces the background's requests of these seconds after the fork; undefined leaves one as it is. */
  readonly change?: {
    readonly fromS: number;
    readonly toS: number;
    readonly by: (event: AccessEvent) => readonly AccessEvent[] | undefined;
  };
}

/**
 * `attack`: no more than the budget gets through, and nobody else is banned. `must`: people, and what happens to a whole
 * site: to ban one of them is a defect. `should`: programs that nobody told zban about: to ban one is arguable.
 */
export const LEVELS = ['attack', 'must', 'should'] as const;
export type Level = (typeof LEVELS)[number];

/** What only some sites have: static files that many load; pages that many read. */
export type Need = 'files' | 'pages';

export interface Trial {
  readonly level: Level;
  readonly name: string;
  readonly needs: readonly Need[];
  /** The same site and the same stream of numbers give the same play. */
  readonly play: (site: TrialSite, random: Random) => Play;
}

/** Trials of one sort, whose numbers are committed together. */
export interface Family {
  readonly name: string;
  readonly trials: readonly Trial[];
}
