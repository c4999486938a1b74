/** Which bans a command is about and in which order: the filters and sorts of `zban list` and `zban export`. */

import { presentCondition } from '../english/former.ts';
import { PHRASES } from '../english/reason.ts';
import type { ActiveBan } from '../model/audit.ts';
import { TIER_MAX } from '../model/limits.ts';
import { printable } from '../model/text.ts';
import { parsePrefix, prefixesOverlap } from '../net/prefix.ts';
import type { Given } from './definitions/command.ts';
import type { SELECTION, SORTS } from './definitions/reading.ts';
import { didYouMean } from './did-you-mean.ts';
import { wrongUsage } from './exit.ts';
import { readCount, readPrefix, readSpan } from './options.ts';

export type SelectionOptions = Given<{ options: typeof SELECTION }>;

/** The bans that were asked for, in the order that was asked for. Ages count from `nowMs`. */
export type Select = (bans: readonly ActiveBan[], nowMs: number) => readonly ActiveBan[];

const LIMIT_MAX = 10_000_000;
const FOREVER = Number.POSITIVE_INFINITY;

/** Reads the options; what is wrong with them ends the command with exit code 2. */
export function readSelection(options: SelectionOptions): Select {
  const tests = readTests(options);
  const { sort = 'since', reverse = false } = options;
  const limit = readCount('limit', options.limit, 1, LIMIT_MAX);
  return (bans, nowMs) => {
    for (const word of conditionsOf(options)) requireCondition(word, bans);
    const found = bans.filter((ban) => tests.every((test) => test(ban, nowMs)));
    const sorted = sort === 'since' ? found : sortBans(found, sort);
    if (reverse) sorted.reverse();
    return limit === undefined ? sorted : sorted.slice(0, limit);
  };
}

/** How many of the oldest bans, or of the newest (`reverse`), are all that was asked for; undefined where all must be looked at. */
export function readFirst(
  options: SelectionOptions,
): { readonly limit: number; readonly reverse: boolean } | undefined {
  const { sort = 'since', reverse = false } = options;
  const limit = readCount('limit', options.limit, 1, LIMIT_MAX);
  return limit === undefined || sort !== 'since' || readTests(options).length > 0 ? undefined : { limit, reverse };
}

type Test = (ban: ActiveBan, nowMs: number) => boolean;

function readTests(options: SelectionOptions): Test[] {
  const tests: Test[] = [];
  if (options.tier !== undefined) {
    const tiers = new Set(words(options.tier).map((word) => readCount('tier', word, 0, TIER_MAX)));
    tests.push((ban) => tiers.has(ban.tier));
  }
  if (options.condition !== undefined) {
    const conditions = new Set(conditionsOf(options));
    tests.push((ban) => conditions.has(ban.condition));
  }
  const network = readPrefix('network', options.network);
  if (network !== undefined) {
    tests.push((ban) => {
      const prefix = parsePrefix(ban.client);
      return prefix !== undefined && prefixesOverlap(network, prefix);
    });
  }
  const newerMs = readSpan('newer-than', options['newer-than']);
  if (newerMs !== undefined) tests.push((ban, nowMs) => nowMs - ban.sinceMs <= newerMs);
  const olderMs = readSpan('older-than', options['older-than']);
  if (olderMs !== undefined) tests.push((ban, nowMs) => nowMs - ban.sinceMs >= olderMs);
  if (options.permanent !== undefined) tests.push((ban) => (ban.untilMs === null) === options.permanent);
  return tests;
}

/** By their present names. */
const conditionsOf = ({ condition }: SelectionOptions): string[] =>
  condition === undefined ? [] : words(condition).map(presentCondition);

/** An imported ban may have a condition that zban does not know. */
function requireCondition(word: string, bans: readonly ActiveBan[]): void {
  const known = Object.keys(PHRASES).filter((name) => !name.startsWith('site_'));
  if (known.includes(word) || bans.some(({ condition }) => condition === word)) return;
  const message = `--condition ${printable(word)}${didYouMean(word, known)}: expected one of ${known.join(', ')}`;
  throw wrongUsage(message);
}

function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

type Sort = Exclude<(typeof SORTS)[number], 'since'>;

const SORT_KEYS: Readonly<Record<Exclude<Sort, 'client'>, (ban: ActiveBan) => string | number>> = {
  until: ({ untilMs }) => untilMs ?? FOREVER,
  tier: ({ tier }) => tier,
  condition: ({ condition }) => condition,
  by: ({ actor }) => actor,
  reason: ({ reason }) => reason,
};

function sortBans(bans: readonly ActiveBan[], sort: Sort): ActiveBan[] {
  if (sort === 'client') return sortByClient(bans);
  const keyOf = SORT_KEYS[sort];
  return bans.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
}

function compare<T extends string | number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** IPv4 before IPv6, then by address, a network before what it covers. */
function sortByClient(bans: readonly ActiveBan[]): ActiveBan[] {
  const keyed = bans.map((ban) => ({ ban, prefix: parsePrefix(ban.client) ?? { family: 6, value: -1n, bits: 0 } }));
  keyed.sort(({ prefix: a }, { prefix: b }) => a.family - b.family || compare(a.value, b.value) || a.bits - b.bits);
  return keyed.map(({ ban }) => ban);
}
