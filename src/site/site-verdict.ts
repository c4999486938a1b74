/** Whether a surge looks like visitors or like an attack, with the reasons in numbers. */
import { type NamedLine, TRAITS } from './site-line.ts';
import type { SiteSample } from './site-sample.ts';
import { findSigns, type Sign } from './site-signs.ts';

/** What a surge shows: its signs, the strongest first. */
export interface SurgeSigns {
  /** They are of the requests by new clients alone. */
  readonly ofNewClients: boolean;
  readonly signs: readonly Sign[];
}

/** What a surge looks like; `unclear` when the reasons for either are as strong. */
export type Verdict = 'attack' | 'visitors' | 'unclear';

/** Lead of the stronger side from which on a surge looks like it. */
const LEAD_MIN = 2;
/** New clients are judged alone when they make this share of the lines. */
const NEWCOMER_SHARE = 0.3;

/**
 * What a surge looks like, and why. `expected` of its lines would have come on an ordinary day: what
 * counts is the rest. Where new clients make a good part of it they are judged alone, because on a busy site everybody
 * else blurs the picture; `knowsClients` is false while zban can't tell who is new.
 */
export function findVerdict(
  all: readonly NamedLine[],
  expected: number,
  sample: SiteSample,
  knowsClients: boolean,
): { verdict: Verdict; detail: SurgeSigns } {
  const newcomers = all.filter(({ traits }) => traits & TRAITS.newcomer);
  const areNew = knowsClients && newcomers.length > NEWCOMER_SHARE * all.length;
  const usual = sample.usual();
  const ofNew = sample.usual('newcomer');
  const signs = areNew
    ? findSigns(newcomers, expected * (usual.traitShare('newcomer') ?? 0), ofNew.isKnown ? ofNew : usual)
    : findSigns(all, expected, usual);
  const weigh = (side: Sign['speaksFor']) =>
    signs.reduce((sum, { speaksFor, weight }) => sum + (speaksFor === side ? weight : 0), 0);
  const lead = weigh('attack') - weigh('visitors');
  const verdict = lead >= LEAD_MIN ? 'attack' : lead <= -LEAD_MIN ? 'visitors' : 'unclear';
  return { verdict, detail: { ofNewClients: areNew, signs: signs.sort((a, b) => b.weight - a.weight) } };
}
