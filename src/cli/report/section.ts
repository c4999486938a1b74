/** The parts of a report: a heading in words, and an indented list of which the rest is only counted. */

import { formatCount } from '../../english/number.ts';
import { columnsOf } from '../style.ts';
import { type Column, formatTable } from '../table.ts';

/** Columns that a report is written for: a wider terminal makes it no easier to read. */
export const COLUMNS = Math.min(100, columnsOf(process.stdout));
/** Nothing to report. */
export const NO_LINES = 'The log has no line that could be read.';

const INDENT = '  ';

/** The table of `rows` under its heading; `hidden` rows more are only counted, in words that follow the number. */
export function section<T>(
  heading: string,
  table: readonly Column<T>[],
  rows: readonly T[],
  hidden = 0,
  words = 'more (--all)',
): string {
  const lines = formatTable(table, rows, COLUMNS - INDENT.length).split('\n');
  if (hidden > 0) lines.push(`… and ${formatCount(hidden)} ${words}`);
  return [heading, ...lines.map((line) => INDENT + line)].join('\n');
}
