/**
 * A site-wide anomaly in words, the same in Slack, the text audit log and reports. The names in it come from the log:
 * free of control characters, but to be escaped wherever they are shown.
 */
import type { SiteNumbers } from '../model/judged-numbers.ts';
import { formatSeconds } from './duration.ts';
import { type Figure, formatCount, formatNumber, formatPercent, isKnown } from './number.ts';
import { briefReason } from './reason.ts';
import { looks } from './surge.ts';

/** Something that makes up more of the surge than of ordinary traffic. */
export interface Excess {
  readonly kind: 'path' | 'agent' | 'network' | 'new';
  readonly name: string;
  /** `99 %`. */
  readonly share: string;
  /** `usually 3 %`, empty when that isn't known. */
  readonly usual: string;
}

const LISTS = [
  ['path', 'top_paths'],
  ['agent', 'top_user_agents'],
  ['network', 'top_prefixes'],
] as const;

const usually = (share: Figure): string => (isKnown(share) ? `usually ${formatPercent(share)}` : '');

/** What stands out: of each kind up to `max`, the largest growth first, and clients never seen before. */
export function listExcess(numbers: SiteNumbers, max: number): Excess[] {
  const found: Excess[] = [];
  for (const [kind, field] of LISTS) {
    for (const { name, share, usual_share } of numbers[field]?.slice(0, max) ?? []) {
      found.push({ kind, name, share: formatPercent(share), usual: usually(usual_share) });
    }
  }
  const share = numbers.new_client_share;
  if (isKnown(share)) {
    const usual = usually(numbers.usual_new_client_share);
    found.push({ kind: 'new', name: 'clients never seen before', share: formatPercent(share), usual });
  }
  return found;
}

/** The start of an anomaly in parts for one short line: what it is taken for, how much against usual, and of what. */
export function describeStart(numbers: SiteNumbers): string[] {
  return [looks(numbers.verdict), peakAndUsual(numbers), ...describeExcess(numbers, 1).slice(0, 1)];
}

/** The start of an anomaly in as many words as there are, for who asks: why it was judged, and by what. */
export function describeStartFully(numbers: SiteNumbers): string[] {
  const [reasons, judged] = [numbers.detail ?? '', briefReason(numbers.condition ?? '', numbers)];
  const peak = numbers.peak_rate === undefined ? '' : peakAndUsual(numbers);
  return [reasons, judged, peak, rates(numbers), ...describeExcess(numbers, 2)].filter((part) => part !== '');
}

const describeExcess = (numbers: SiteNumbers, max: number): string[] =>
  listExcess(numbers, max).map(({ kind, name, share, usual }) =>
    [kind === 'new' ? '' : kind, clip(name), share, usual && `(${usual})`].filter((word) => word !== '').join(' '),
  );

/** The end of an anomaly in parts for one line. */
export function describeEnd(numbers: SiteNumbers): string[] {
  const { duration_seconds: seconds } = numbers;
  return [
    `lasted ${typeof seconds === 'number' ? formatSeconds(seconds) : '–'}`,
    `peak ${peakOf(numbers)}`,
    `${formatCount(numbers.extra_requests)} requests above normal`,
    `${formatCount(numbers.bans)} clients banned meanwhile`,
    looked(numbers),
    ...(numbers.silent ? ['the log fell silent'] : []),
  ];
}

/** The most of what the anomaly is about: `512.30/s`, `1206 new clients`. */
export function peakOf({ condition, peak_rate, peak_measured }: SiteNumbers): string {
  if (condition === 'site_newcomers' && peak_measured !== undefined) return `${formatCount(peak_measured)} new clients`;
  if (condition === 'site_clients' && peak_measured !== undefined) return `${formatCount(peak_measured)} clients`;
  return `${formatNumber(peak_rate)}/s`;
}

/** What is usual where the peak is not: `40.00/s`, or as many clients. */
export function usualOf({ condition, peak_measured, usual, mean }: SiteNumbers): string {
  const isOfClients = condition === 'site_newcomers' || condition === 'site_clients';
  return isOfClients && peak_measured !== undefined ? formatCount(usual) : `${formatNumber(mean)}/s`;
}

/** Rows of older versions have no peak at the start. */
const peakAndUsual = (numbers: SiteNumbers): string =>
  numbers.peak_rate === undefined ? rates(numbers) : `peak ${peakOf(numbers)}, usually ${usualOf(numbers)}`;

/** What it was taken for, afterwards. */
export const looked = (numbers: SiteNumbers): string =>
  looks(numbers.verdict).replace('looks', 'looked').replace('may be', 'might have been');

/** True when traffic is about as high as at its peak: it ended because it counts as normal by now. */
export function isNewNormal({ rate, peak_rate }: SiteNumbers): boolean {
  return isKnown(rate) && isKnown(peak_rate) && rate > peak_rate / 2;
}

const NAME_LENGTH_MAX = 60;

const clip = (name: string): string =>
  name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX).toWellFormed()}…` : name;

const rates = ({ rate, mean, stddev }: SiteNumbers): string =>
  `rate ${formatNumber(rate)}/s, usually ${formatNumber(mean)}±${formatNumber(stddev)}/s`;
