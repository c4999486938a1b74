/** Aligned columns of plain text. */
import { printable, width, wrapText } from './text.ts';

/** Rows under a header, columns two spaces apart; cells are made printable. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(printable));
  // A hundred thousand rows are too many for the arguments of Math.max.
  const widths = header.map((_, column) => cells.reduce((max, row) => Math.max(max, width(row[column] ?? '')), 0));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join('  ');
  return cells.map((row) => line(row).trimEnd()).join('\n');
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
      const own = [...wrapped, ...lines.map(printable)];
      return own.map((line, index) => `${(index === 0 ? label : '').padEnd(labels)}${line}`.trimEnd());
    })
    .join('\n');
}
