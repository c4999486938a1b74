/** Aligned columns of plain text. */
import { printable } from './text.ts';

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

function width(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : [...text].length;
}
