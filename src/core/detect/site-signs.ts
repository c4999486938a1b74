/** Single signs by which visitors and attacks are told apart, each with a weight and its numbers in words. */
import { formatNumber, formatPercent } from '../reason.ts';
import { exactPath, isFile, type NamedLine, TRAITS, type Trait } from './site-line.ts';
import { countKeys, differentKinds, mostFrequent, type UsualShares } from './site-sample.ts';

export interface Sign {
  readonly speaksFor: 'attack' | 'visitors';
  readonly weight: number;
  /** With its numbers; nothing in it comes from the log. */
  readonly text: string;
}

/** A habit of the site's visitors: at least so many of their requests have it. */
const HABIT_SHARE = 0.1;
/** Different ones that make a crowd: static files of a page, user agents. */
const [FILE_KINDS_MIN, AGENT_KINDS_MIN] = [4, 12];

/** What the lines of a surge show, compared with usual ones. */
export function findSigns(lines: readonly NamedLine[], usual: UsualShares): Sign[] {
  return [
    ...files(lines, usual),
    ...referers(lines, usual),
    ...agents(lines, usual),
    ...answers(lines, usual),
    ...ways(lines),
    ...networks(lines, usual),
    ...paths(lines, usual),
    ...queries(lines, usual),
  ];
}

const shareOf = (lines: readonly NamedLine[], trait: Trait): number =>
  lines.filter(({ traits }) => traits & TRAITS[trait]).length / Math.max(1, lines.length);

const usually = (share: number | undefined): string =>
  share === undefined ? '' : ` (usually ${formatPercent(share)})`;

/** A browser loads a page's files, many different ones; a flood rarely bothers to. */
function files(lines: readonly NamedLine[], usual: UsualShares): Sign[] {
  const [share, before] = [shareOf(lines, 'file'), usual.traitShare('file')];
  const text = `${formatPercent(share)} are for static files${usually(before)}`;
  const isHabit = before !== undefined && before >= HABIT_SHARE;
  if (isHabit && share < before / 3) return [{ speaksFor: 'attack', weight: before < 3 * HABIT_SHARE ? 3 : 4, text }];
  const kinds = differentKinds(countKeys(lines.filter(isFile).map(exactPath)));
  if (share < Math.max(0.3, 0.6 * (before ?? 0)) || kinds < FILE_KINDS_MIN) return [];
  return [{ speaksFor: 'visitors', weight: isHabit ? 3 : 2, text }];
}

/** Where visitors send referers; they are easily made up where they don't. */
function referers(lines: readonly NamedLine[], usual: UsualShares): Sign[] {
  const [share, before] = [shareOf(lines, 'referred'), usual.traitShare('referred')];
  if (before === undefined || before < HABIT_SHARE) return [];
  const text = `${formatPercent(share)} come from a page or link${usually(before)}`;
  if (share < before / 3) return [{ speaksFor: 'attack', weight: 1, text }];
  return share > 0.6 * before ? [{ speaksFor: 'visitors', weight: 1, text }] : [];
}

/** Visitors have browsers of all kinds, those of the site's visitors; tools have few names, and not these. */
function agents(lines: readonly NamedLine[], usual: UsualShares): Sign[] {
  const counts = countKeys(lines.map(({ agent }) => agent));
  const [key, most] = mostFrequent(counts);
  const [share, before] = [most / Math.max(1, lines.length), usual.share('agent', key)];
  if (share > 0.4 && share > 3 * (before ?? 0)) {
    return [{ speaksFor: 'attack', weight: 2, text: `one user agent sends ${formatPercent(share)}${usually(before)}` }];
  }
  const [kinds, kindsBefore] = [differentKinds(counts), usual.kinds('agent')];
  const unseen = lines.filter(({ agent }) => usual.share('agent', agent) === 0).length / Math.max(1, lines.length);
  if (unseen > 0.7 && kinds < AGENT_KINDS_MIN) {
    const text = `${formatPercent(unseen)} come from ${formatNumber(kinds, 0)} kinds of user agents that are not usual here`;
    return [{ speaksFor: 'attack', weight: 2, text }];
  }
  const text = `${formatNumber(kinds, 0)} kinds of user agents${kindsBefore === undefined ? '' : ` (usually ${formatNumber(kindsBefore, 0)})`}`;
  if (kindsBefore !== undefined && kinds < kindsBefore / 4) return [{ speaksFor: 'attack', weight: 1, text }];
  return kinds < AGENT_KINDS_MIN ? [] : [{ speaksFor: 'visitors', weight: 1, text }];
}

function answers(lines: readonly NamedLine[], usual: UsualShares): Sign[] {
  const [share, before] = [shareOf(lines, 'refused'), usual.traitShare('refused')];
  const text = `${formatPercent(share)} are refused (4xx)${usually(before)}`;
  if (share > 0.3 && share > 3 * (before ?? 0)) return [{ speaksFor: 'attack', weight: 2, text }];
  if (share < 0.05) return [{ speaksFor: 'visitors', weight: 0.5, text }];
  return [];
}

/** Visitors ask for what a page calls and go on to others, floods ask for the same again. */
function ways(lines: readonly NamedLine[]): Sign[] {
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
function networks(lines: readonly NamedLine[], usual: UsualShares): Sign[] {
  const counts = countKeys(lines.map(({ network }) => network));
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, NETWORKS);
  const share = most.reduce((sum, [, requests]) => sum + requests, 0) / Math.max(1, lines.length);
  const known = most.map(([key]) => usual.share('network', key)).filter((before) => before !== undefined);
  const before = known.length > 0 ? known.reduce((sum, each) => sum + each, 0) : undefined;
  if (share < 0.5 || share - (before ?? 0) < 0.4) return [];
  const who = most.length === 1 ? 'one network sends' : `${most.length} networks send`;
  const text = `${who} ${formatPercent(share)}${usually(before)}`;
  return [{ speaksFor: 'attack', weight: 1, text }];
}

/** A page is followed by its files, a flood asks for the one thing. */
function paths(lines: readonly NamedLine[], usual: UsualShares): Sign[] {
  const keys = lines.map((line) => (isFile(line) ? exactPath(line) : line.path));
  const [key, most] = mostFrequent(countKeys(keys));
  const [share, before] = [most / Math.max(1, lines.length), usual.share('path', key)];
  if (share < 0.6 || share < 3 * (before ?? 0)) return [];
  const weight = share < 0.9 ? 1.5 : 2.5;
  return [{ speaksFor: 'attack', weight, text: `${formatPercent(share)} ask for one path${usually(before)}` }];
}

/** Queries that nobody asked before keep a cache from helping. */
function queries(lines: readonly NamedLine[], usual: UsualShares): Sign[] {
  const asked = lines.filter(({ traits }) => traits & TRAITS.query && !(traits & TRAITS.file));
  const [share, before] = [asked.length / Math.max(1, lines.length), usual.traitShare('query')];
  const different = new Set(asked.map(({ url }) => url)).size / Math.max(1, asked.length);
  if (share < 0.5 || share < 3 * (before ?? 0) || different < 0.9) return [];
  const text = `${formatPercent(share)} carry a query${usually(before)}, nearly each another`;
  return [{ speaksFor: 'attack', weight: 1, text }];
}
