const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Reads `20ms`, `90s`, `10m`, `1h30m`, `2h`, `7d` or `1w` as milliseconds; a bare number is seconds.
 * Undefined for anything else, negative values included.
 */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
  const text = value.trim().toLowerCase();
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : sumUnits(text, UNIT_MS);
}

/** Amounts with their units, such as `1h30m`, added up; undefined for any other text. A unit that begins like another comes first. */
export function sumUnits(text: string, sizes: Readonly<Record<string, number>>): number | undefined {
  const part = `(\\d+(?:\\.\\d+)?)(${Object.keys(sizes).join('|')})`;
  if (!new RegExp(`^(${part})+$`).test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(new RegExp(part, 'g')))
    total += Number(amount) * (sizes[unit] ?? 0);
  return total;
}

/** Seconds as `formatDuration` writes milliseconds. */
export function formatSeconds(seconds: number | null): string {
  return formatDuration(seconds === null ? null : seconds * 1000);
}

/** The largest first. */
const UNITS = [
  { unit: 'd', seconds: 86_400 },
  { unit: 'h', seconds: 3600 },
  { unit: 'm', seconds: 60 },
  { unit: 's', seconds: 1 },
];

/** Milliseconds as whole seconds in these units. */
export function inUnits(ms: number) {
  let left = Math.round(ms / 1000);
  return UNITS.map(({ unit, seconds }) => {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    return { unit, count };
  });
}

const isSome = ({ count }: { readonly count: number }): boolean => count > 0;

/** Milliseconds as people write them: `10m`, `2h`, `1h30m`; null is `permanent`. Every line of the audit log has one: it makes no objects. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return 'permanent';
  if (ms < 1000) return `${Math.round(ms)}ms`;
  let left = Math.round(ms / 1000);
  let text = '';
  for (const { unit, seconds } of UNITS) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0) text += `${count}${unit}`;
  }
  return text || '0s';
}

/** Milliseconds in a sentence, the two largest units: `45 s`, `10 min`, `1 h 30 min`, `7 d`. */
export function spellDuration(ms: number): string {
  const parts = inUnits(ms).filter(isSome).slice(0, 2);
  return parts.map(({ unit, count }) => `${count} ${unit === 'm' ? 'min' : unit}`).join(' ') || '0 s';
}

/** The two largest units of a time span, without what there is none of: `9m 12s`, `3d 2h`; under a second `0s`. */
export function formatSpan(ms: number): string {
  const units = inUnits(Math.abs(ms));
  const first = units.findIndex(isSome);
  const parts = units.slice(first, first + 2).filter(isSome);
  return parts.map(({ unit, count }) => `${count}${unit}`).join(' ') || '0s';
}
