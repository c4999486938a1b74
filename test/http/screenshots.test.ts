/** What must hold in every state of the page, in both themes, on a desktop and a phone; with SCREENS=all also pictures to look at (test/http/screens). */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { DEADLINE_MS } from '../support/until.ts';
import { holds, launch, skip } from './browser.ts';
import { NOW_MS } from './examples.ts';
import { serve } from './scenes.ts';
import { startHttpServer } from './start.ts';
import { STATES } from './states.ts';

const FOLDER = join(import.meta.dirname, 'screens');
const isPictured = process.env['SCREENS'] === 'all';
const VIEWS = [
  ['light', 'desktop', 1360, 900],
  ['dark', 'phone', 390, 844],
  ['dark', 'desktop', 1360, 900],
  ['light', 'phone', 390, 844],
] as const;

/** Otherwise nobody looks at it. */
async function picture(name: string, options: { fullPage?: boolean } = {}): Promise<void> {
  if (isPictured) await page.screenshot({ path: join(FOLDER, `${name}.png`), ...options });
}

let browser: Browser;
/** One for all states: a new page costs the browser twice the processor time that another address does. */
let page: Page;
/** What the page said on its console since it was blank. */
let said: string[] = [];
before(
  async () => {
    if (isPictured) mkdirSync(FOLDER, { recursive: true });
    if (skip) return;
    browser = await launch();
    page = await browser.newPage();
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
  },
  { timeout: DEADLINE_MS },
);
after(() => browser?.close());

for (const [name, scene] of Object.entries(STATES)) {
  test(`the page shows the state "${name}" whole, in every theme and width`, { skip }, async () => {
    const server = await startHttpServer({ listen: '127.0.0.1:0', ...serve(scene, NOW_MS) });
    await page.goto('about:blank');
    said = [];
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1360, height: 900 });
    await page.goto(`${server.url}#24h`);
    await holds(
      page,
      `document.querySelector('#week td.known, #week-note:not(:empty)') !== null && document.querySelector('#readout').textContent !== ''`,
    );
    if (scene.bans) await page.waitForSelector('#ban-list .row');
    if (scene.fleetHosts) await page.waitForSelector('#fleet-hosts li');
    if (name === 'trouble') await server.close();
    if (name === 'trouble') await page.waitForSelector('#stale:not([hidden])');
    for (const [theme, device, width, height] of VIEWS) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height });
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true, device);
      await picture(`${name}-${theme}-${device}`, { fullPage: true });
    }
    // The narrowest phone there is.
    await page.setViewportSize({ width: 320, height: 568 });
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true, '320 pixels');
    await picture(`${name}-narrow`, { fullPage: true });
    if (name === 'normal') {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.click('#ban-list .row:nth-child(5)');
      await page.waitForSelector('#drawer-facts dt');
      await picture('drawer-dark-phone');
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 1360, height: 900 });
      await picture('drawer-light-desktop');
    }
    assert.deepEqual(name === 'trouble' ? [] : said, []);
    if (name !== 'trouble') await server.close();
  });
}
