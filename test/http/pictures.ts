/**
 * `npm run pictures` makes docs/images/dashboard-*.png, the dashboard of a made-up site under attack, with the page as it is, and
 * slack-*.png, a message as Slack shows it. They have a palette, which is enough for a page and a third of the bytes.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toSlackPayload } from '../../src/notify/slack-payload.ts';
import { drawCard } from '../notify/card.ts';
import { CASES } from '../notify/cases.ts';
import { holds, launch } from './browser.ts';
import { NOW_MS } from './examples.ts';
import { shrinkPng } from './png.ts';
import { serve } from './scenes.ts';
import { startHttpServer } from './start.ts';
import { STATES } from './states.ts';

const FOLDER = join(import.meta.dirname, '../../docs/images');
const [WIDTH, HEIGHT] = [1280, 1164];
const BYTES_MAX = 150_000;

const SHOWN = CASES['ban: scan'] ?? assert.fail('the message that the README shows is gone');

function save(name: string, picture: Buffer): void {
  const shrunk = shrinkPng(picture);
  if (shrunk.length > BYTES_MAX) throw new Error(`${name} has ${shrunk.length} bytes`);
  writeFileSync(join(FOLDER, `${name}.png`), shrunk);
}

mkdirSync(FOLDER, { recursive: true });
const server = await startHttpServer({ listen: '127.0.0.1:0', ...serve(STATES.attack, NOW_MS) });
const browser = await launch();
try {
  for (const theme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT }, colorScheme: theme });
    await page.goto(`${server.url}#24h`);
    await page.waitForSelector('#ban-list .row');
    await holds(page, `document.querySelector('#chart .traffic') !== null`);
    save(`dashboard-${theme}`, await page.screenshot());
    await page.close();
    // The dashboard's policy would hold for what follows.
    const card = await browser.newPage({ viewport: { width: 560, height: 900 }, colorScheme: theme });
    await card.setContent(drawCard(toSlackPayload(SHOWN())));
    save(`slack-${theme}`, await card.locator('main').screenshot());
    await card.close();
  }
} finally {
  await browser.close();
  await server.close();
}
