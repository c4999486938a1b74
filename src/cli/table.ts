/** Aligned columns of plain text. */
import { printable } from '../model/text.ts';
import { cutText, width, wrapText } from './text.ts';

/** Rows under a header, columns two spaces apart; cells are made printable. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(printable));
  // A hundred thousand rows are too many for the arguments of Math.max.
  const widths = header.map((_, column) => cells.reduce((max, row) => Math.max(max, width(row[column] ?? '')), 0));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join('  ');
  return cells.map((row) => line(row).trimEnd()).join('\n');
}

/** A last column narrower than this says nothing. */
const LAST_COLUMNS_MIN = 12;

/**
 * As formatTable, in at most `columns`: headings are given up in the order of `spare` until the rest fits, and the last
 * column is cut.
 */
export function formatFittingTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
  spare: readonly string[],
): string {
  const widthOf = (column: number) =>
    rows.reduce((max, row) => Math.max(max, width(printable(row[column] ?? ''))), width(header[column] ?? ''));
  const widths = header.map((_, column) => widthOf(column));
  const total = (kept: readonly number[], lastMax: number) =>
    kept.reduce(
      (sum, column, at) =>
        sum + (at < kept.length - 1 ? (widths[column] ?? 0) + 2 : Math.min(lastMax, widths[column] ?? 0)),
      0,
    );
  let kept = header.map((_, column) => column);
  for (const name of spare)
    if (total(kept, LAST_COLUMNS_MIN) > columns) kept = kept.filter((column) => header[column] !== name);
  const last = kept.at(-1) ?? 0;
  const left = columns - (total(kept, 0) || 0);
  const cell = (row: readonly string[], column: number) =>
    column === last && left >= LAST_COLUMNS_MIN ? cutText(printable(row[column] ?? ''), left) : (row[column] ?? '');
  return formatTable(
    kept.map((column) => header[column] ?? ''),
    rows.map((row) => kept.map((column) => cell(row, column))),
  );
}

/** Names before values, one a line. */
export function formatPairs(pairs: readonly (readonly [string, string])[]): string {
  const names = Math.max(0, ...pairs.map(([name]) => width(name)));
  return pairs
    .map(([name, value]) => `${name}${' '.repeat(names - width(name))}  ${printable(value)}`.trimEnd())
    .join('\n');
}

/** A label and what it is about: a text that is wrapped, or lines that stay as they are. */
export interface Paragraph {
  readonly label: string;
  readonly text?: string;
  readonly lines?: readonly string[];
}

/** Paragraphs beside their labels, no line of text wider than `columns`. */
export function formatParagraphs(paragraphs: readonly Paragraph[], columns: number): string {
  const labels = Math.max(0, ...paragraphs.map(({ label }) => width(label))) + 2;
  return paragraphs
    .flatMap(({ label, text = '', lines = [] }) => {
      const wrapped = text === '' ? [] : wrapText(printable(text), columns - labels).split('\n');
      // The gaps of a line that is a table's give way first.
      const fitting = (line: string) => (width(line) + labels <= columns ? line : line.replace(/ {3,}/g, '  '));
      const own = [...wrapped, ...lines.map(printable).map(fitting)];
      return own.map((line, index) => `${(index === 0 ? label : '').padEnd(labels)}${line}`.trimEnd());
    })
    .join('\n');
}
