/** Whether a surge looks like visitors or like an attack, with the reasons in numbers. */
import { type NamedLine, TRAITS } from './site-line.ts';
import type { SiteSample } from './site-sample.ts';
import { findSigns, type Sign } from './site-signs.ts';

/** What a surge looks like; `unclear` when the reasons for either are as strong. */
export type Verdict = 'attack' | 'visitors' | 'unclear';

/** Lead of the stronger side from which on a surge looks like it. */
const LEAD_MIN = 2;
const REASONS_MAX = 4;
/** New clients are judged alone when they make this share of the lines. */
const NEWCOMER_SHARE = 0.3;

/**
 * What a surge looks like, and a sentence that says why. `expected` of its lines would have come on an ordinary day: what
 * counts is the rest. Where new clients make a good part of it they are judged alone, because on a busy site everybody
 * else blurs the picture; `knowsClients` is false while zban can't tell who is new.
 */
export function findVerdict(
  all: readonly NamedLine[],
  expected: number,
  sample: SiteSample,
  knowsClients: boolean,
): { verdict: Verdict; detail: string } {
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
  const tell = (side: Sign['speaksFor']) =>
    signs
      .filter(({ speaksFor }) => speaksFor === side)
      .sort((a, b) => b.weight - a.weight)
      .slice(0, REASONS_MAX)
      .map(({ text }) => text)
      .join(', ');
  const whose = `of ${areNew ? "new clients'" : 'the'} requests above normal, `;
  if (lead >= LEAD_MIN)
    return { verdict: 'attack', detail: `looks like a distributed attack: ${whose}${tell('attack')}` };
  if (lead <= -LEAD_MIN)
    return { verdict: 'visitors', detail: `looks like a crowd of visitors: ${whose}${tell('visitors')}` };
  const both = `for an attack: ${tell('attack') || 'nothing'}; for visitors: ${tell('visitors') || 'nothing'}`;
  return { verdict: 'unclear', detail: `may be visitors or an attack: ${whose}${both}` };
}
