/** Whether a surge looks like visitors or like an attack, with the reasons in numbers. */
import { formatNumber, formatPercent } from '../reason.ts';
import { type NamedLine, TRAITS, type Trait } from './site-line.ts';
import { countKeys, differentKinds, type UsualShares } from './site-sample.ts';

/** What a surge looks like; `unclear` when the reasons for either are as strong. */
export type Verdict = 'attack' | 'visitors' | 'unclear';

interface Reason {
  readonly speaksFor: 'attack' | 'visitors';
  readonly weight: number;
  readonly text: string;
}

/** Lead of the stronger side from which on a surge looks like it. */
const LEAD_MIN = 2;
const REASONS_MAX = 4;
/** A habit of the site's visitors: at least so many of their requests have it. */
const HABIT_SHARE = 0.1;

/** What the lines of a surge, compared with usual ones, look like, and a sentence that says why. */
export function findVerdict(lines: readonly NamedLine[], usual: UsualShares): { verdict: Verdict; detail: string } {
  const reasons = [
    ...habit(lines, usual, 'file', 'are for static files', 3),
    ...habit(lines, usual, 'referred', 'come from a page or link', 1),
    ...agents(lines, usual),
    ...answers(lines, usual),
    ...ways(lines),
    ...networks(lines, usual),
    ...paths(lines, usual),
    ...queries(lines, usual),
  ];
  const weigh = (side: Reason['speaksFor']) =>
    reasons.reduce((sum, { speaksFor, weight }) => sum + (speaksFor === side ? weight : 0), 0);
  const lead = weigh('attack') - weigh('visitors');
  const tell = (side: Reason['speaksFor']) =>
    reasons
      .filter(({ speaksFor }) => speaksFor === side)
      .sort((a, b) => b.weight - a.weight)
      .slice(0, REASONS_MAX)
      .map(({ text }) => text)
      .join(', ');
  if (lead >= LEAD_MIN) return { verdict: 'attack', detail: `looks like an attack: ${tell('attack')}` };
  if (lead <= -LEAD_MIN) return { verdict: 'visitors', detail: `looks like visitors: ${tell('visitors')}` };
  const both = `for an attack: ${tell('attack') || 'nothing'}; for visitors: ${tell('visitors') || 'nothing'}`;
  return { verdict: 'unclear', detail: `may be visitors or an attack: ${both}` };
}

const shareOf = (lines: readonly NamedLine[], trait: Trait): number =>
  lines.filter(({ traits }) => traits & TRAITS[trait]).length / Math.max(1, lines.length);

const usually = (share: number | undefined): string =>
  share === undefined ? '' : ` (usually ${formatPercent(share)})`;

/** What visitors of the site do, and floods rarely bother to. */
function habit(lines: readonly NamedLine[], usual: UsualShares, trait: Trait, words: string, weight: number): Reason[] {
  const [share, before] = [shareOf(lines, trait), usual.traitShare(trait)];
  const text = `${formatPercent(share)} of the requests ${words}${usually(before)}`;
  // Where nobody has the habit, whoever shows it only pretends.
  if ((before ?? 1) < HABIT_SHARE) return [];
  if (share < (before ?? 0) / 3) return [{ speaksFor: 'attack', weight, text }];
  if (share > Math.max(2 * HABIT_SHARE, 0.6 * (before ?? 0))) return [{ speaksFor: 'visitors', weight, text }];
  return [];
}

function agents(lines: readonly NamedLine[], usual: UsualShares): Reason[] {
  const counts = countKeys(lines.map(({ agent }) => agent));
  const [key, most] = mostFrequent(counts);
  const share = most / Math.max(1, lines.length);
  const before = usual.share('agent', key);
  if (share > 0.4 && share > 3 * (before ?? 0)) {
    return [{ speaksFor: 'attack', weight: 2, text: `one user agent sends ${formatPercent(share)}${usually(before)}` }];
  }
  const [kinds, kindsBefore] = [differentKinds(counts), usual.kinds('agent')];
  const kindsText = `${formatNumber(kinds, 0)} kinds of user agents${kindsBefore === undefined ? '' : ` (usually ${formatNumber(kindsBefore, 0)})`}`;
  const unseen = lines.filter(({ agent }) => usual.share('agent', agent) === 0).length / Math.max(1, lines.length);
  if (unseen > 0.8) {
    return [
      {
        speaksFor: 'attack',
        weight: 2,
        text: `${formatPercent(unseen)} come from user agents that are not usual here`,
      },
    ];
  }
  if (kindsBefore !== undefined && kinds < kindsBefore / 4)
    return [{ speaksFor: 'attack', weight: 1, text: kindsText }];
  if (kinds >= 8) return [{ speaksFor: 'visitors', weight: 1, text: kindsText }];
  return [];
}

function answers(lines: readonly NamedLine[], usual: UsualShares): Reason[] {
  const [share, before] = [shareOf(lines, 'refused'), usual.traitShare('refused')];
  const text = `${formatPercent(share)} are refused (4xx)${usually(before)}`;
  if (share > 0.3 && share > 3 * (before ?? 0)) return [{ speaksFor: 'attack', weight: 2, text }];
  if (share < 0.05) return [{ speaksFor: 'visitors', weight: 0.5, text }];
  return [];
}

/** Visitors ask for what a page calls and go on to others, floods ask for the same again. */
function ways(lines: readonly NamedLine[]): Reason[] {
  const seen = new Map<number, Set<number>>();
  let [pages, again] = [0, 0];
  for (const { client, path, traits } of lines) {
    if (traits & TRAITS.file) continue;
    const own = seen.get(client) ?? new Set();
    seen.set(client, own);
    pages++;
    if (own.has(path)) again++;
    own.add(path);
  }
  if (pages === 0) return [];
  const onward = [...seen.values()].filter((own) => own.size > 1).length / seen.size;
  if (again / pages > 0.5) {
    return [{ speaksFor: 'attack', weight: 1, text: `${formatPercent(again / pages)} ask for the same path again` }];
  }
  if (onward > 0.15) {
    return [
      { speaksFor: 'visitors', weight: 1, text: `${formatPercent(onward)} of the clients ask for several paths` },
    ];
  }
  return [];
}

const NETWORKS = 8;

/** Visitors live everywhere; rented servers are neighbours. */
function networks(lines: readonly NamedLine[], usual: UsualShares): Reason[] {
  const counts = countKeys(lines.map(({ network }) => network));
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, NETWORKS);
  const share = most.reduce((sum, [, requests]) => sum + requests, 0) / Math.max(1, lines.length);
  const known = most.map(([key]) => usual.share('network', key)).filter((before) => before !== undefined);
  const before = known.length > 0 ? known.reduce((sum, each) => sum + each, 0) : undefined;
  if (share < 0.5 || share - (before ?? 0) < 0.4) return [];
  const text = `${most.length} networks send ${formatPercent(share)}${usually(before)}`;
  return [{ speaksFor: 'attack', weight: 1, text }];
}

/** A page is followed by its files, a flood asks for the one thing. */
function paths(lines: readonly NamedLine[], usual: UsualShares): Reason[] {
  const [key, most] = mostFrequent(countKeys(lines.map(({ path }) => path)));
  const [share, before] = [most / Math.max(1, lines.length), usual.share('path', key)];
  if (share < 0.6 || share < 3 * (before ?? 0)) return [];
  const weight = share < 0.9 ? 1.5 : 2.5;
  return [{ speaksFor: 'attack', weight, text: `${formatPercent(share)} ask for one path${usually(before)}` }];
}

const mostFrequent = (counts: ReadonlyMap<number, number>): [key: number, count: number] =>
  [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);

/** Queries that nobody asked before keep a cache from helping. */
function queries(lines: readonly NamedLine[], usual: UsualShares): Reason[] {
  const asked = lines.filter(({ traits }) => traits & TRAITS.query && !(traits & TRAITS.file));
  const [share, before] = [asked.length / Math.max(1, lines.length), usual.traitShare('query')];
  const different = new Set(asked.map(({ url }) => url)).size / Math.max(1, asked.length);
  if (share < 0.5 || share < 3 * (before ?? 0) || different < 0.9) return [];
  const text = `${formatPercent(share)} carry a query${usually(before)}, nearly each another`;
  return [{ speaksFor: 'attack', weight: 1, text }];
}
