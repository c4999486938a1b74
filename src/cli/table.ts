/** Aligned columns of plain text. */
import { printable } from '../model/text.ts';
import { cutText, foldLine, width, wrapText } from './text.ts';

type Row = readonly string[];

/** The widest cell of each column; a hundred thousand rows are too many for the arguments of Math.max. */
const widthsOf = (rows: readonly Row[]): number[] =>
  (rows[0] ?? []).map((_, column) => rows.reduce((max, row) => Math.max(max, width(row[column] ?? '')), 0));

/** A last column narrower than this says nothing. */
const LAST_COLUMNS_MIN = 30;
const BENEATH_INDENT = '    ';
/** Lines that one value beneath a row takes, about. */
const BENEATH_LINES_MAX = 2;

/** A column: its heading, and the cell of a row. */
export interface Column<T> {
  readonly heading: string;
  readonly cell: (row: T) => string;
  /** Numbers and the like stand at the right of their column. */
  readonly right?: true;
}

/**
 * A row for each of `items`, columns two spaces apart, in at most `columns`; cells are made printable. A last column without a value
 * is left out. Headings are given up in the order of `spare` until the rest fits; where that is not enough, the last columns go
 * beneath their rows, with their headings; and what is still the last column is cut.
 */
export function formatTable<T>(
  table: readonly Column<T>[],
  items: readonly T[],
  columns: number,
  spare: readonly string[] = [],
): string {
  const header = table.map(({ heading }) => heading);
  const cells = items.map((item) => table.map(({ cell }) => printable(cell(item))));
  const widths = widthsOf([header, ...cells]);
  const before = (kept: readonly number[]) =>
    kept.slice(0, -1).reduce((sum, column) => sum + (widths[column] ?? 0) + 2, 0);
  const fits = (kept: readonly number[]) =>
    before(kept) + Math.min(LAST_COLUMNS_MIN, widths[kept.at(-1) ?? 0] ?? 0) <= columns;
  let kept = header.map((_, column) => column);
  if (cells.length > 0 && cells.every((row) => (row[kept.length - 1] ?? '') === '')) kept.pop();
  for (const name of spare) if (!fits(kept)) kept = kept.filter((column) => header[column] !== name);
  const beneath: number[] = [];
  while (kept.length > 1 && !fits(kept)) beneath.unshift(kept.pop() ?? 0);
  const last = kept.at(-1) ?? 0;
  const left = columns - before(kept);
  const pick = (row: Row) =>
    kept.map((column) => (column === last ? cutText(row[column] ?? '', left) : (row[column] ?? '')));
  const shown = [header, ...cells].map(pick);
  const shownWidths = widthsOf(shown);
  const pad = (cell: string, at: number) => {
    const space = ' '.repeat((shownWidths[at] ?? 0) - width(cell));
    return table[kept[at] ?? 0]?.right ? space + cell : cell + space;
  };
  const [top = '', ...lines] = shown.map((row) => row.map(pad).join('  ').trimEnd());
  const told = lines.flatMap((line, at) => [line, ...putBeneath(header, cells[at] ?? [], beneath, columns)]);
  return [top, ...told].join('\n');
}

/** `came back 12 · asked for GET /.env 404`, on as many lines as it needs; what is empty or a dash is left out. */
function putBeneath(header: Row, row: Row, beneath: readonly number[], columns: number): Row {
  const told = beneath.flatMap((column) => {
    const value = row[column] ?? '';
    return value === '' || value === '–'
      ? []
      : [`${(header[column] ?? '').toLowerCase()} ${cutText(value, BENEATH_LINES_MAX * columns)}`.trim()];
  });
  if (told.length === 0) return [];
  const lines = wrapText(told.join(' · '), Math.max(1, columns - BENEATH_INDENT.length));
  return lines.split('\n').map((line) => BENEATH_INDENT + line);
}

/** Names before values, no line wider than `columns`. */
export function formatPairs(pairs: readonly (readonly [string, string])[], columns: number): string {
  return formatParagraphs(
    pairs.map(([label, text]) => ({ label, text })),
    columns,
  );
}

/** A label and what it is about: a text that is wrapped, lines of which each begins anew, or commands. */
export interface Paragraph {
  readonly label: string;
  readonly text?: string;
  readonly lines?: readonly string[];
  /** To be copied: never broken. */
  readonly commands?: readonly string[];
}

/** Paragraphs beside their labels, no line of text wider than `columns`. */
export function formatParagraphs(paragraphs: readonly Paragraph[], columns: number): string {
  const labels = Math.max(0, ...paragraphs.map(({ label }) => width(label))) + 2;
  return paragraphs
    .flatMap(({ label, text = '', lines = [], commands = [] }) => {
      const wrapped = text === '' ? [] : wrapText(printable(text), columns - labels).split('\n');
      // The gaps of a line that is a table's give way first.
      const fitting = (line: string) => (width(line) + labels <= columns ? line : line.replace(/ {3,}/g, '  '));
      const fitted = lines.flatMap((line) => foldLine(fitting(printable(line)), columns - labels).split('\n'));
      const own = [...wrapped, ...fitted, ...commands.map(printable)];
      return own.map((line, index) => `${(index === 0 ? label : '').padEnd(labels)}${line}`.trimEnd());
    })
    .join('\n');
}
