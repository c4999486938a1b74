/** Colours for people: on a terminal that has some, unless NO_COLOR (https://no-color.org) says otherwise. */

import { styleText } from 'node:util';

type Paint = (text: string) => string;

const PAINTS = ['bold', 'dim', 'inverse', 'red', 'green', 'yellow', 'cyan'] as const;

export type Style = Readonly<Record<(typeof PAINTS)[number], Paint>> & { readonly glyphs: Glyphs };

/** What bars are drawn with. */
export interface Glyphs {
  readonly full: string;
  readonly empty: string;
  /** From low to high. */
  readonly steps: string;
}

const UNICODE: Glyphs = { full: '█', empty: '░', steps: '▁▂▃▄▅▆▇█' };
const ASCII: Glyphs = { full: '#', empty: '.', steps: '_.-=+*%#' };

type Environment = Readonly<Record<string, string | undefined>>;

/** ASCII where the locale (locale(7)) says that the terminal shows nothing else; where there is none, it nearly always does. */
export function glyphsFor(env: Environment): Glyphs {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return locale === '' || /utf-?8/i.test(locale) ? UNICODE : ASCII;
}

export function createStyle(isColoured: boolean, glyphs: Glyphs = UNICODE): Style {
  const painter =
    (name: (typeof PAINTS)[number]): Paint =>
    (text) =>
      isColoured && text !== '' ? styleText(name, text, { validateStream: false }) : text;
  return { ...Object.fromEntries(PAINTS.map((name) => [name, painter(name)])), glyphs } as Style;
}

export function wantsColour(stream: { readonly isTTY?: boolean }, env: Environment): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** Columns that lines may take: those of a terminal, any number where programs read. */
export function columnsOf(stream: { readonly isTTY?: boolean; readonly columns?: number }): number {
  return stream.isTTY && stream.columns ? stream.columns : Number.POSITIVE_INFINITY;
}
