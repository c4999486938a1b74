/** Single signs by which visitors and attacks are told apart, each with a weight and its numbers. */
import { type Dimension, exactPath, isFile, type NamedLine, TRAITS, type Trait } from './site-line.ts';
import { countKeys, differentKinds, type UsualShares } from './site-sample.ts';

export interface Sign {
  readonly speaksFor: 'attack' | 'visitors';
  readonly weight: number;
  readonly name: SignName;
  /** The share of the requests, or of the clients, that have it, 0–1; of `agents` how many kinds. */
  readonly value: number;
  /** The same of usual traffic; undefined where that is not known. */
  readonly usual?: number | undefined;
  /** How many networks, or kinds of user agents, it is about. */
  readonly count?: number;
}

/**
 * Requests for static files, from a page, by one user agent, by kinds of user agents that are not usual here, refused, for a path that
 * the client asked for before, from a few networks, for one path, with queries of which hardly any two are alike; kinds of user agents; clients
 * that ask for several paths.
 */
export type SignName =
  | 'files'
  | 'referers'
  | 'one_agent'
  | 'strange_agents'
  | 'agents'
  | 'refused'
  | 'again'
  | 'onward'
  | 'networks'
  | 'one_path'
  | 'queries';

/** A habit of the site's visitors: at least so many of their requests have it. */
const HABIT_SHARE = 0.1;
/** A third of something is clearly less of it. */
const LESS = 1 / 3;
/** What so many of the requests above normal have says what they are, where usually clearly less of them have it. */
const MOST = 0.5;
/** Queries of which so many are different are no two alike. */
const DIFFERENT = 0.9;
/** Different ones that make a crowd: static files of a page, user agents. */
const [FILE_KINDS_MIN, AGENT_KINDS_MIN] = [4, 12];

/** The lines of a surge, and what is usual among such lines. */
interface Surge {
  readonly lines: readonly NamedLine[];
  readonly usual: UsualShares;
  /** Share of the lines that are above normal, 0–1. */
  readonly surplus: number;
}

/** A smaller surplus drowns in chance; so does a smaller growth of one user agent, of many of whom one has always grown a little. */
const SURPLUS_MIN = 0.1;
/** What can't be told apart from the usual says something only of a surge that is mostly beyond it. */
const SURPLUS_PLAIN = 0.5;

/** What a surge shows, compared with usual lines, of which `expected` would have come anyway. */
export function findSigns(lines: readonly NamedLine[], expected: number, usual: UsualShares): Sign[] {
  const surge = { lines, usual, surplus: Math.max(SURPLUS_MIN, 1 - expected / Math.max(1, lines.length)) };
  return [
    ...files(surge),
    ...referers(surge),
    ...agents(surge),
    ...answers(surge),
    ...ways(surge),
    ...networks(surge),
    ...paths(surge),
    ...queries(surge),
  ];
}

/** The share among the lines above normal, of what so many lines have now and this share has usually. */
function beyond({ lines, surplus }: Surge, count: number, before: number | undefined): number {
  const now = count / Math.max(1, lines.length);
  return Math.min(1, Math.max(0, (now - (1 - surplus) * (before ?? now)) / surplus));
}

const isMost = (share: number, before = 0): boolean => share >= MOST && before < LESS * share;

const countTrait = (lines: readonly NamedLine[], trait: Trait): number =>
  lines.filter(({ traits }) => traits & TRAITS[trait]).length;

/** A browser loads a page's files, many different ones; a flood rarely bothers to. */
function files(surge: Surge): Sign[] {
  const { lines, usual } = surge;
  const before = usual.traitShare('file');
  const share = beyond(surge, countTrait(lines, 'file'), before);
  const sign = { name: 'files', value: share, usual: before } as const;
  const isHabit = before !== undefined && before >= HABIT_SHARE;
  if (isHabit && share < LESS * before) return [{ speaksFor: 'attack', weight: 3, ...sign }];
  const kinds = differentKinds(countKeys(lines.filter(isFile).map(exactPath)));
  if (share < HABIT_SHARE || kinds < FILE_KINDS_MIN) return [];
  return [{ speaksFor: 'visitors', weight: 3, ...sign }];
}

/** Where visitors send referers; they are easily made up where they don't. */
function referers(surge: Surge): Sign[] {
  const before = surge.usual.traitShare('referred');
  if (before === undefined || before < HABIT_SHARE) return [];
  const share = beyond(surge, countTrait(surge.lines, 'referred'), before);
  const sign = { weight: 1, name: 'referers', value: share, usual: before } as const;
  return [{ speaksFor: share < LESS * before ? 'attack' : 'visitors', ...sign }];
}

/** What grew most: how often it occurs now, and its usual share. */
function findGrown(
  { lines, usual }: Surge,
  dimension: Dimension,
  keys: readonly number[],
): [count: number, before: number | undefined] {
  let [most, growth, found]: [number, number, number | undefined] = [0, 0, undefined];
  for (const [key, count] of countKeys(keys)) {
    const before = usual.share(dimension, key);
    const grown = count / lines.length - (before ?? 0);
    if (grown > growth) [most, growth, found] = [count, grown, before];
  }
  return [most, found];
}

/** Visitors have browsers of all kinds, those of the site's visitors; tools have few names, and not these. */
function agents(surge: Surge): Sign[] {
  const { lines, usual, surplus } = surge;
  const keys = lines.map(({ agent }) => agent);
  const [most, before] = findGrown(surge, 'agent', keys);
  const share = beyond(surge, most, before);
  const grown = most / Math.max(1, lines.length) - (before ?? 0);
  if (isMost(share, before) && grown > SURPLUS_MIN) {
    return [{ speaksFor: 'attack', weight: 2, name: 'one_agent', value: share, usual: before }];
  }
  if (surplus < SURPLUS_PLAIN) return [];
  const [kinds, kindsBefore] = [differentKinds(countKeys(keys)), usual.kinds('agent')];
  const unseen = keys.filter((agent) => usual.share('agent', agent) === 0).length / Math.max(1, lines.length);
  if (unseen >= MOST && kinds < AGENT_KINDS_MIN) {
    return [{ speaksFor: 'attack', weight: 2, name: 'strange_agents', value: unseen, count: kinds }];
  }
  const sign = { weight: 1, name: 'agents', value: kinds, usual: kindsBefore } as const;
  if (kindsBefore !== undefined && kinds < LESS * kindsBefore) return [{ speaksFor: 'attack', ...sign }];
  return kinds < AGENT_KINDS_MIN ? [] : [{ speaksFor: 'visitors', ...sign }];
}

function answers(surge: Surge): Sign[] {
  const before = surge.usual.traitShare('refused');
  const share = beyond(surge, countTrait(surge.lines, 'refused'), before);
  const sign = { name: 'refused', value: share, usual: before } as const;
  if (isMost(share, before)) return [{ speaksFor: 'attack', weight: 2, ...sign }];
  return share < HABIT_SHARE ? [{ speaksFor: 'visitors', weight: 1, ...sign }] : [];
}

/** Visitors ask for what a page calls and go on to others, floods ask for the same again. */
function ways({ lines, surplus }: Surge): Sign[] {
  if (surplus < SURPLUS_PLAIN) return [];
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
  if (again / pages >= MOST) return [{ speaksFor: 'attack', weight: 1, name: 'again', value: again / pages }];
  if (onward >= HABIT_SHARE) return [{ speaksFor: 'visitors', weight: 1, name: 'onward', value: onward }];
  return [];
}

const NETWORKS = 8;

/** Visitors live everywhere; rented servers are neighbours. */
function networks(surge: Surge): Sign[] {
  const { lines, usual } = surge;
  const counts = countKeys(lines.map(({ network }) => network));
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, NETWORKS);
  const known = most.map(([key]) => usual.share('network', key)).filter((before) => before !== undefined);
  const before = known.length > 0 ? known.reduce((sum, each) => sum + each, 0) : undefined;
  const share = beyond(
    surge,
    most.reduce((sum, [, count]) => sum + count, 0),
    before,
  );
  if (!isMost(share, before)) return [];
  return [{ speaksFor: 'attack', weight: 1, name: 'networks', value: share, usual: before, count: most.length }];
}

/** A page is followed by its files, a flood asks for the one thing. */
function paths(surge: Surge): Sign[] {
  const keys = surge.lines.map((line) => (isFile(line) ? exactPath(line) : line.path));
  const [most, before] = findGrown(surge, 'path', keys);
  const share = beyond(surge, most, before);
  if (!isMost(share, before)) return [];
  return [{ speaksFor: 'attack', weight: 3, name: 'one_path', value: share, usual: before }];
}

/** Queries that nobody asked before keep a cache from helping. */
function queries(surge: Surge): Sign[] {
  const asked = surge.lines.filter((line) => line.traits & TRAITS.query && !isFile(line));
  const before = surge.usual.traitShare('query');
  const share = beyond(surge, asked.length, before);
  const different = new Set(asked.map(({ url }) => url)).size / Math.max(1, asked.length);
  if (!isMost(share, before) || different < DIFFERENT) return [];
  return [{ speaksFor: 'attack', weight: 1, name: 'queries', value: share, usual: before }];
}
