/** The page's files, read once at start. There are no others: a path is looked up here and never on the disk. */
import { readFileSync } from 'node:fs';
import { ICON, MARKUP } from './page/markup.ts';
import { STYLE } from './page/style.ts';

export interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

const asset = (type: string, content: string): Asset => ({ type, content: Buffer.from(content) });
const script = (file: URL): Asset => asset(SCRIPT, readFileSync(file, 'utf8'));

/** The scripts stay plain JavaScript, so that the browser gets the file that was written and checked. */
const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ['/', asset(HTML, MARKUP)],
  ['/style.css', asset(CSS, STYLE)],
  ['/icon.svg', asset('image/svg+xml', ICON)],
  ['/main.js', script(new URL('./page/main.js', import.meta.url))],
  ['/follow.js', script(new URL('./page/follow.js', import.meta.url))],
  ['/shared.js', script(new URL('./page/shared.js', import.meta.url))],
  ['/view.js', script(new URL('./page/view.js', import.meta.url))],
  ['/rows.js', script(new URL('./page/rows.js', import.meta.url))],
  ['/words.js', script(new URL('./page/words.js', import.meta.url))],
  ['/chart.js', script(new URL('./page/chart.js', import.meta.url))],
]);

export function findAsset(path: string): Asset | undefined {
  return ASSETS.get(path);
}

/** Bytes a browser loads for the page, without the event stream. */
export function pageBytes(): number {
  return [...ASSETS.values()].reduce((sum, { content }) => sum + content.length, 0);
}
