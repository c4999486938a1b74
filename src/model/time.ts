/** Times as numbers and as text, UTC. */

// biome-ignore lint/style/noRestrictedGlobals: a calendar, and no clock: it is asked about times that it is given
const Calendar = Date;

/** Days from 1970-01-01 to a date of the years 100 to 9999; NaN for other years. Month is 1–12. */
export function daysFromCivil(year: number, month: number, day: number): number {
  // What has two digits would be taken for a year of the last century.
  return year < 100 ? Number.NaN : Calendar.UTC(year, month - 1, day) / 86_400_000;
}

/** Epoch seconds as RFC 3339 in UTC with whole seconds: `2026-11-20T10:11:12Z`. */
export function formatSecond(second: number): string {
  return new Calendar(second * 1000).toISOString().replace(/\.\d+/, '');
}

/** The epoch second of what `formatSecond` gave. */
export function parseSecond(text: string): number {
  return Calendar.parse(text) / 1000;
}
