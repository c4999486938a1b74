/**
 * Makes docs/images/dashboard-*.png, the dashboard of a made-up site under attack, with the page as it is: `npm run pictures`.
 * They have a palette, which is enough for a page and a third of the bytes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startHttpServer } from '../../src/http/server.ts';
import { holds, launch } from './browser.ts';
import { NOW_MS } from './examples.ts';
import { shrinkPng } from './png.ts';
import { serve } from './scenes.ts';
import { STATES } from './states.ts';

const FOLDER = join(import.meta.dirname, '../../docs/images');
const [WIDTH, HEIGHT] = [1280, 1190];
const BYTES_MAX = 150_000;

mkdirSync(FOLDER, { recursive: true });
const server = await startHttpServer({ listen: '127.0.0.1:0', ...serve(STATES.attack, NOW_MS) });
const browser = await launch();
try {
  for (const theme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT }, colorScheme: theme });
    await page.goto(`${server.url}#24h`);
    await page.waitForSelector('#ban-list .row');
    await holds(page, `document.querySelector('#chart .traffic') !== null`);
    const picture = shrinkPng(await page.screenshot());
    if (picture.length > BYTES_MAX) throw new Error(`the ${theme} picture has ${picture.length} bytes`);
    writeFileSync(join(FOLDER, `dashboard-${theme}.png`), picture);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
