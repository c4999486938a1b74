import { EMPTY, FULL, type Style } from '../style.ts';

/** Bars of one column, from low to high. */
const STEPS = '▁▂▃▄▅▆▇█';

/** The band in which values are usual, and above which they are far too high. */
export interface Band {
  readonly high: number;
  readonly limit: number;
}

/** The newest values as bars, one column each, against the band: yellow above it, red above its limit. */
export function sparkline(values: readonly number[], columns: number, band: Band | undefined, style: Style): string {
  const shown = values.slice(-Math.max(0, columns));
  const top = Math.max(1, band?.high ?? 0, ...shown);
  const bars = shown.map((value) => {
    const paint = band && value > band.limit ? style.red : band && value > band.high ? style.yellow : style.green;
    return { paint, bar: STEPS[Math.min(STEPS.length - 1, Math.floor((value / top) * STEPS.length))] ?? '' };
  });
  // One colour for a run of bars: each costs ten bytes, every second.
  let text = '';
  for (let from = 0, to = 0; from < bars.length; from = to) {
    const { paint } = bars[from] as (typeof bars)[number];
    while (bars[to]?.paint === paint) to++;
    text += paint(
      bars
        .slice(from, to)
        .map(({ bar }) => bar)
        .join(''),
    );
  }
  return text;
}

/** A share of 1 as a bar of so many columns and a percentage: `████░░░░  52%`. */
export function shareBar(share: number, columns: number, style: Style): string {
  const full = Math.max(0, Math.min(columns, Math.round(share * columns)));
  const paint = share >= 0.8 ? style.red : share >= 0.5 ? style.yellow : style.green;
  const percent = `${Math.min(999, Math.round(share * 100))}%`.padStart(5);
  return `${paint(FULL.repeat(full))}${style.dim(EMPTY.repeat(columns - full))}${percent}`;
}
