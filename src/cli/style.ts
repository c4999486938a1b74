/** Colours for people: on a terminal that has some, unless NO_COLOR (https://no-color.org) says otherwise. */

import { styleText } from 'node:util';

type Paint = (text: string) => string;

const PAINTS = ['bold', 'dim', 'inverse', 'red', 'green', 'yellow', 'cyan'] as const;

export type Style = Readonly<Record<(typeof PAINTS)[number], Paint>>;

/** What bars are drawn with. */
export const FULL = '█';
export const EMPTY = '░';

type Environment = Readonly<Record<string, string | undefined>>;

export function createStyle(isColoured: boolean): Style {
  const painter =
    (name: (typeof PAINTS)[number]): Paint =>
    (text) =>
      isColoured && text !== '' ? styleText(name, text, { validateStream: false }) : text;
  return Object.fromEntries(PAINTS.map((name) => [name, painter(name)])) as Style;
}

export function wantsColour(stream: { readonly isTTY?: boolean }, env: Environment): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** Columns that lines may take: those of a terminal, any number where programs read. */
export function columnsOf(stream: { readonly isTTY?: boolean; readonly columns?: number }): number {
  return stream.isTTY && stream.columns ? stream.columns : Number.POSITIVE_INFINITY;
}
