/** Traffic of a whole site, as lines, and what the engine says of it. */
import assert from 'node:assert/strict';
import type { GlobalAnomalyEnd, GlobalAnomalyStart } from '../../src/model/told-event.ts';
import { Bench, chunked, type Overrides } from '../support/engine.ts';
import { logLine, START, visitorIp } from '../support/traffic.ts';

export const MINUTE = 60;
export const HOUR = 3600;

/** `rate` requests in every second, of 200 visitors in turn, for 50 pages. */
export function visits(from: number, seconds: number, rate: number): string[] {
  return Array.from({ length: seconds * rate }, (_, n) =>
    logLine(from + Math.floor(n / rate), visitorIp(n % 200), `/page/${(n * 7) % 50}/`, 200, `Browser/${n % 30}`),
  );
}

/** `rate` requests a second of 1,000 clients never seen before, five a minute each at most. */
export function flood(from: number, seconds: number, rate: number, path = (_n: number): string => '/search'): string[] {
  return Array.from({ length: seconds * rate }, (_, n) => {
    const bot = n % 1000;
    const ip = `2001:db8:${bot % 4}:${(bot + 0x100).toString(16)}::1`;
    return logLine(from + Math.floor(n / rate), ip, path(n), 200, 'Tool/1');
  });
}

/** The lines of several sources in the order of their seconds. */
export function together(...sources: readonly (readonly string[])[]): string[] {
  const timed = sources.flat().map((line) => ({ line, second: Number(/"msec":"(\d+)/.exec(line)?.[1]) }));
  return timed.sort((a, b) => a.second - b.second).map(({ line }) => line);
}

/** One start and one end. */
export function only(bench: Bench): { start: GlobalAnomalyStart; end: GlobalAnomalyEnd } {
  const [start, end, ...more] = bench.of('global_anomaly');
  assert.deepEqual(more, []);
  assert.ok(start?.phase === 'start' && end?.phase === 'end', JSON.stringify([start, end]));
  return { start, end };
}

export const at = (time: string): number => Date.parse(time) / 1000;

/** The two hours before every story. */
const KNOWN = [...chunked(visits(START, 2 * HOUR, 5), Number.POSITIVE_INFINITY)];

/** A site of five requests a second that is known for two hours, then `lines`, then a quarter of an hour of calm. */
export function story(lines: (from: number) => readonly string[], seconds: number, overrides: Overrides = {}): Bench {
  const bench = new Bench(overrides);
  for (const bytes of KNOWN) bench.feedBytes(bytes);
  const from = START + 2 * HOUR;
  for (const bytes of chunked(together(visits(from, seconds + 900, 5), lines(from)), 1 << 20)) bench.feedBytes(bytes);
  return bench;
}
