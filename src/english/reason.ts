/**
 * Why a client or the site was judged, in words. Slack, the text audit log, `zban explain` and reports all take them from
 * here, so that a condition is called the same everywhere; docs/detection.md lists the phrases.
 */
import type { Rule } from '../detect/rule.ts';
import { RULES, type RuleName } from '../detect/rules.ts';
import type { Condition } from '../model/event.ts';
import type { JudgedNumbers } from '../model/judged-numbers.ts';
import { describeNetwork } from './network.ts';
import { type Figure, formatNumber, formatPercent } from './number.ts';

/** The numbers of a judgement of a client, or of the site. */
export type ReasonNumbers = JudgedNumbers & { readonly measured?: Figure };

/** A client as people know it: one that arrives by a translator with its IPv4 address. */
export function nameClient(client: string, numbers: ReasonNumbers | null): string {
  return numbers?.ipv4 === undefined ? client : `${client} (${numbers.ipv4})`;
}

/** What each condition means, to follow "because of:". */
export const PHRASES: Readonly<Record<Condition, string>> = {
  z_score: 'far above the usual rate',
  multiplier: 'many times the usual rate',
  error_surge: 'a surge of refused requests (4xx)',
  warmup_ceiling: 'above the ceiling that holds while zban learns',
  ...(Object.fromEntries(RULES.map(({ name, phrase }) => [name, phrase])) as Record<RuleName, string>),
  site_requests: 'many clients ask for far more than usual',
  site_newcomers: 'far more clients than usual have never been seen before',
  site_clients: 'there are far more clients than usual',
  site_z_score: 'the site is far above its usual rate',
  site_multiplier: 'the site is at many times its usual rate',
  swarm: 'many clients that look alike came from this network',
  fleet: 'too much for all hosts of the fleet together',
  manual: 'banned manually',
  list: 'banned from a list',
  import: 'imported by an operator',
};

/** The rule that counts points for a condition. */
function findRule(condition: string, numbers: ReasonNumbers = {}): Rule | undefined {
  const wanted = condition === 'fleet' ? numbers.rule : condition;
  return RULES.find(({ name }) => name === wanted);
}

/** The condition as a phrase; one that a newer version wrote stays as it is, so escape it as text from outside. */
export function phraseOf(condition: string): string {
  return Object.hasOwn(PHRASES, condition) ? PHRASES[condition as Condition] : condition;
}

/** Condition and the number that decided it, for one line of many: `multiplier 7.4x`, `scan 12.4 points of 12`. */
export function briefReason(condition: string, numbers: ReasonNumbers): string {
  switch (condition) {
    case 'z_score':
    case 'site_z_score':
      return `${condition} ${formatNumber(numbers.z, 1)}`;
    case 'multiplier':
    case 'site_multiplier':
      return `${condition} ${formatNumber(numbers.multiple, 1)}x`;
    case 'site_requests':
    case 'site_newcomers':
    case 'site_clients':
      return `${condition} ${formatNumber(numbers.measured, 0)}, limit ${formatNumber(numbers.limit, 0)}`;
    case 'error_surge':
      return `error_surge ${formatPercent(numbers.error_ratio)} 4xx, usually ${usualErrors(numbers)}`;
    case 'warmup_ceiling':
      return `warmup_ceiling ${formatNumber(numbers.requests, 0)} requests`;
    case 'swarm':
      return `swarm ${formatNumber(numbers.requests, 0)} requests`;
    default:
      return findRule(condition, numbers) && numbers.points !== undefined
        ? `${condition} ${formatPoints(numbers)}`
        : condition;
  }
}

const LENIENT = ' Nothing else counts against it, so this first ban is the shortest.';

/** A judgement of a client in whole sentences. */
export interface Reason {
  /** What the client did, and how that compares. */
  readonly did: string;
  /** What counts as normal here. */
  readonly normal: string;
  /** How much lower it should have stayed. */
  readonly tolerated: string;
}

/** Undefined without numbers: an operator measures nothing. */
export function describeReason(condition: string, numbers: ReasonNumbers): Reason | undefined {
  if (typeof numbers.rate !== 'number') return undefined;
  const { clients } = numbers;
  // A ban forgets what its client did, but for its points.
  const [who, together] =
    typeof clients === 'number'
      ? [`${clients} clients of this network attacked. Those that were not banned yet`, 'With the others that is']
      : ['It', 'That is'];
  const did = `${who} sent ${sent(numbers)}`;
  const normal = describeNormal(numbers);
  const rule = findRule(condition, numbers);
  if (rule) {
    const tolerated = `${describePoints(numbers, rule)}${numbers.lenient === true ? LENIENT : ''}`;
    return {
      did: `${did}${refused(numbers)}. ${together} ${pointsOf(numbers)} points; the limit is ${short(numbers.points_limit)}.`,
      normal,
      tolerated,
    };
  }
  const compared = `${short(numbers.multiple)} times the mean, ${short(numbers.z)} standard deviations above it`;
  const ceiling = `${ceilingOf(numbers)} would have been tolerated`;
  switch (condition) {
    case 'error_surge':
      return {
        did: `${did}${refused(numbers)}: ${formatPercent(numbers.error_ratio)}, so that tighter limits held. That is ${compared}.`,
        normal,
        tolerated: `${ceiling} of a client that is refused so often.`,
      };
    case 'warmup_ceiling':
      return {
        did: `${did}${refused(numbers)}, before zban had learned what is normal.`,
        normal: 'Not known yet.',
        tolerated: `${ceiling} until it is.`,
      };
    case 'swarm': {
      if (!numbers.swarm) return undefined;
      const network = describeNetwork(numbers.swarm);
      const tolerated = 'Many clients of one network are, as long as no more strangers come than usual.';
      return { did: network.did, normal: network.past, tolerated };
    }
    default:
      return { did: `${did}${refused(numbers)}: ${compared}.`, normal, tolerated: `${ceiling}.` };
  }
}

/** The share of 4xx that is usual as learned; `not known` before. Rows of older versions have what it was taken as. */
export function usualErrors(numbers: ReasonNumbers): string {
  const { learned } = numbers;
  return learned?.error_ratio === null
    ? 'not known'
    : formatPercent(learned?.error_ratio ?? numbers.baseline_error_ratio);
}

function describeNormal(numbers: ReasonNumbers): string {
  const { learned } = numbers;
  const isOfSite = numbers.baseline_of === 'site';
  type Level = { readonly [Name in 'mean' | 'stddev' | 'error_ratio']?: Figure };
  const rateOf = ({ mean, stddev }: Level) => `${formatNumber(mean)} ± ${formatNumber(stddev)}`;
  const describe = (level: Level) =>
    isOfSite
      ? `${rateOf(level)} requests/s on the whole site`
      : `${rateOf(level)} requests/s from a client, ${formatPercent(level.error_ratio)} of them refused (4xx)`;
  const { mean, stddev, baseline_error_ratio } = numbers;
  const level = { mean, stddev, error_ratio: baseline_error_ratio };
  const effective = describe(level);
  const own = learned?.mean === null ? undefined : describe(learned ?? level);
  const held = isOfSite ? '; profile classic holds every client against that' : '';
  if (own === effective) return `${own}${held}.`;
  if (own === undefined) return `Nothing learned lately, so the default counts: ${effective}${held}.`;
  const minimum = isOfSite ? rateOf(level) : `${rateOf(level)}, ${formatPercent(baseline_error_ratio)}`;
  return `${own}; below the minimum, which counts: ${minimum}${held}.`;
}

/** How many points would have been all right, also as requests of the kind that the rule is about. */
function describePoints({ points_limit, points_leak }: ReasonNumbers, { counted, requestsPerPoint = 1 }: Rule): string {
  const times = (points: Figure) => points && points * requestsPerPoint;
  const [limit, leak] = [short(points_limit), short(points_leak)];
  return `A burst of about ${formatNumber(times(points_limit), 0)} ${counted}, then ${short(times(points_leak))} a minute, would have been tolerated (${limit} points, of which ${leak} drain a minute).`;
}

/** `1300 requests in 12 s (1243 without static files)`. */
function sent(numbers: ReasonNumbers): string {
  const { requests, rate, window_seconds: window } = numbers;
  const whole = `${count(requests, 'request')} in ${formatNumber(numbers.span_seconds ?? window, 0)} s`;
  if (typeof rate !== 'number' || typeof window !== 'number') return whole;
  const weighed = Math.round(rate * window);
  return weighed === requests ? whole : `${whole} (${weighed} without static files)`;
}

const refused = ({ errors }: ReasonNumbers): string =>
  typeof errors === 'number' && errors > 0 ? `, ${errors} of them refused (4xx)` : '';

/** The most requests in the window that would not have been too many. */
function ceilingOf({ rate, limit, window_seconds: window }: ReasonNumbers): string {
  if (typeof rate !== 'number' || typeof limit !== 'number' || typeof window !== 'number') return 'Less';
  // A floor is too much already when it is reached.
  const requests = Math.min(Math.floor(limit * window + 1e-6), Math.round(rate * window) - 1);
  return `Up to ${count(requests, 'request')} in ${window} s`;
}

/** `8.4 points of 8`. */
export const formatPoints = (numbers: ReasonNumbers): string =>
  `${pointsOf(numbers)} points of ${short(numbers.points_limit)}`;

/** Rounded up, so that a level just above its limit reads as above it. */
const pointsOf = ({ points }: ReasonNumbers): string => short(points && Math.ceil(points * 10) / 10);

const count = (value: Figure, noun: string): string => `${formatNumber(value, 0)} ${noun}${value === 1 ? '' : 's'}`;

/** One decimal at most. */
const short = (value: Figure): string => formatNumber(value, 1).replace(/\.0$/, '');
