const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Reads `20ms`, `90s`, `10m`, `1h30m`, `2h`, `7d` or `1w` as milliseconds; a bare number is seconds.
 * Undefined for anything else, negative values included.
 */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
  const text = value.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g))
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  return total;
}

/** Seconds as `formatDuration` writes milliseconds. */
export function formatSeconds(seconds: number | null): string {
  return formatDuration(seconds === null ? null : seconds * 1000);
}

/** Sizes in seconds. */
const WRITTEN = [
  { unit: 'd', size: 86_400 },
  { unit: 'h', size: 3600 },
  { unit: 'm', size: 60 },
  { unit: 's', size: 1 },
] as const;

/** Milliseconds as people write them: `10m`, `2h`, `1h30m`; null is `permanent`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return 'permanent';
  if (ms < 1000) return `${Math.round(ms)}ms`;
  let seconds = Math.round(ms / 1000);
  let text = '';
  for (const { unit, size } of WRITTEN) {
    const count = Math.floor(seconds / size);
    if (count > 0) text += `${count}${unit}`;
    seconds -= count * size;
  }
  return text || '0s';
}

/** Milliseconds in a sentence, the two largest units: `45 s`, `10 min`, `1 h 30 min`, `7 d`. */
export function spellDuration(ms: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let seconds = Math.round(ms / 1000);
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(seconds / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    seconds -= count * size;
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}
