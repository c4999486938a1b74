/** The page's files, read once at start. There are no others: a path is looked up here and never on the disk. */
import { readFileSync } from 'node:fs';
import { ICON, MARKUP } from './dashboard/markup.ts';
import { STYLE } from './dashboard/style.ts';

interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

const asset = (type: string, content: string): Asset => ({ type, content: Buffer.from(content) });
const script = (file: URL): Asset => asset(SCRIPT, readFileSync(file, 'utf8'));

/** They stay plain JavaScript, so that the browser gets the file that was written and checked. */
const SCRIPTS = 'main follow shared view dom format picture chart week bans virtual-list drawer fleet'.split(' ');

export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ['/', asset(HTML, MARKUP)],
  ['/style.css', asset(CSS, STYLE)],
  ['/icon.svg', asset('image/svg+xml', ICON)],
  ...SCRIPTS.map((name): [string, Asset] => [
    `/${name}.js`,
    script(new URL(`./dashboard/${name}.js`, import.meta.url)),
  ]),
]);
