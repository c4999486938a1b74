/** Numbers as people read them. */

/** One that was measured, is infinite, as a z-score is that JSON makes null, or is not known. */
export type Figure = number | null | undefined;

export const isKnown = (value: Figure): value is number => Number.isFinite(value);

/** With so many decimals; a dash for what is not known or infinite. */
export function formatNumber(value: Figure, digits = 2): string {
  return isKnown(value) ? value.toFixed(digits) : '–';
}

/** A whole number with its thousands apart: `18,204`; a dash for what is not known. */
export function formatCount(value: Figure): string {
  return isKnown(value) ? Math.round(value).toLocaleString('en-US') : '–';
}

/** `1 ban`, `2,400 bans`. */
export function countOf(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `4 bans and 3 would-be bans`, without those of which there are none. */
export function countBans(enforced: number, wouldBe: number): string {
  if (wouldBe === 0) return countOf(enforced, 'ban');
  return [...(enforced > 0 ? [countOf(enforced, 'ban')] : []), countOf(wouldBe, 'would-be ban')].join(' and ');
}

/** `once`, `2,400 times`. */
export function timesOf(value: number): string {
  return value === 1 ? 'once' : `${formatCount(value)} times`;
}

/** Mean and standard deviation of a rate: `0.50 ± 0.50/s`. */
export const formatLevel = ({ mean, stddev }: { readonly mean?: Figure; readonly stddev?: Figure }): string =>
  `${formatNumber(mean)} ± ${formatNumber(stddev)}/s`;

/** A share from 0 to 1 in percent, whole ones without `digits`: `97 %`; a dash for what is not known. */
export function formatPercent(share: Figure, digits = 0): string {
  return isKnown(share) ? `${(share * 100).toFixed(digits)} %` : '–';
}
