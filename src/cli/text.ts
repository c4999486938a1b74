/** How the command line writes text, times and numbers. */
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { formatSpan } from '../english/duration.ts';
import { formatCount } from '../english/number.ts';
import { printable } from '../model/text.ts';

const [MINUTE_MS, HALF_DAY_MS] = [60_000, 43_200_000];

/** JSON that is safe on a terminal as well: what JSON leaves as it is but a terminal may obey is escaped. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    // Outside the basic plane JSON needs both halves.
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Local time to the second: `2026-11-20 10:11:12`; in the hour that the end of summer time repeats with its offset from UTC. */
export function formatTime(epochMs: number): string {
  const date = new Date(epochMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (!comesTwice(date)) return time;
  const minutes = -date.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${time} ${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`;
}

/** The local clock shows this time once more, an hour before or after, with another offset from UTC. */
function comesTwice(date: Date): boolean {
  const offset = date.getTimezoneOffset();
  return [-HALF_DAY_MS, HALF_DAY_MS].some((apartMs) => {
    const other = new Date(date.getTime() + apartMs).getTimezoneOffset();
    return other !== offset && new Date(date.getTime() + (other - offset) * MINUTE_MS).getTimezoneOffset() === other;
  });
}

/** The time of day: `10:11:12`. */
export const formatClock = (epochMs: number): string => formatTime(epochMs).slice(11);

/** `in 9m 12s` or `3m 2s ago`. */
export function formatRelative(epochMs: number, nowMs: number): string {
  return epochMs >= nowMs ? `in ${formatSpan(epochMs - nowMs)}` : `${formatSpan(nowMs - epochMs)} ago`;
}

/** Bytes in the unit people read them in. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** Columns that the text takes on a terminal once it is printable: it holds no colours. */
export function width(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(printable(text));
}

/** At most `columns` columns; what is cut off is an ellipsis. */
export function cutText(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let cut = '';
  for (const character of text) {
    if (width(cut + character) >= columns) break;
    cut += character;
  }
  return columns > 0 ? `${cut}…` : '';
}

/** Bans in force, and how many of them the firewall has not confirmed: `8 (3 pending)`. */
export function formatBans(bans: number, pending = 0): string {
  return `${formatCount(bans)}${pending > 0 ? ` (${formatCount(pending)} pending)` : ''}`;
}

/** Cut or filled up to exactly so many columns. */
export function fit(text: string, columns: number): string {
  const cut = cutText(text, columns);
  return cut + ' '.repeat(Math.max(0, columns - width(cut)));
}

/** Lines of whole words, at most `columns` wide; a word that is longer than a line is cut into several. */
export function wrapText(text: string, columns: number): string {
  return wrapAnsi(text, columns, { hard: true });
}

/** One entry on as few lines as its words need, those after the first indented below it. */
export function foldLine(text: string, columns: number): string {
  if (columns === Number.POSITIVE_INFINITY || width(text) <= columns) return text;
  const indent = /^ */.exec(text)?.[0] ?? '';
  const room = Math.max(20, columns - indent.length - FOLD_INDENT.length);
  return indent + wrapText(text.trimStart(), room).replaceAll('\n', `\n${indent}${FOLD_INDENT}`);
}

const FOLD_INDENT = '    ';

/** What is left of a ban. */
export const formatLeft = (untilMs: number | null, nowMs: number): string =>
  untilMs === null ? 'permanent' : formatSpan(Math.max(0, untilMs - nowMs));

/** Bans of people have no tier. */
export const formatTier = (tier: number): string => (tier === 0 ? '–' : String(tier));
