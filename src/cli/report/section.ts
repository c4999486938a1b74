/** The parts of a report: a heading in words, and an indented list of which the rest is only counted. */

import { formatCount } from '../../english/number.ts';
import { columnsOf } from '../style.ts';
import { formatFittingTable } from '../table.ts';

/** Columns that a report is written for: a wider terminal makes it no easier to read. */
export const COLUMNS = Math.min(100, columnsOf(process.stdout));
/** Nothing to report. */
export const NO_LINES = 'The log has no line that could be read.';

const INDENT = '  ';

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The table under its heading; `hidden` rows more are only counted, in words that follow the number. */
export function section(heading: string, table: Table, hidden = 0, words = 'more (--all)'): string {
  const lines = formatFittingTable(table.header, table.rows, COLUMNS - INDENT.length).split('\n');
  if (hidden > 0) lines.push(`… and ${formatCount(hidden)} ${words}`);
  return [heading, ...lines.map((line) => INDENT + line)].join('\n');
}

/** Numbers and the like stand at the right of their column. */
export function alignRight({ header, rows }: Table, columns: readonly number[]): Table {
  const all = [header, ...rows].map((row) => [...row]);
  for (const column of columns) {
    const width = all.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0);
    for (const row of all) row[column] = (row[column] ?? '').padStart(width);
  }
  const [first = [], ...rest] = all;
  return { header: first, rows: rest };
}
