/** Every state of the page, in both themes, on a desktop and a phone: pictures to look at (test/http/screens), and what must hold in each. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startHttpServer } from '../../src/http/server.ts';
import { holds, launch, skip } from './browser.ts';
import { NOW_MS } from './examples.ts';
import { decisions, manyBans, type Scene, serve } from './scenes.ts';

const FOLDER = join(import.meta.dirname, 'screens');
const few = manyBans(38, NOW_MS);
const many = manyBans(10_000, NOW_MS);
const observed = manyBans(12, NOW_MS, false);
const attack = {
  verdict: 'attack',
  condition: 'site_clients',
  since: '2026-11-20T09:34:00Z',
  peak_rate: 160,
  peak_measured: 4100,
  ongoing: true,
} as const;
const warming = {
  state: 'warming_up',
  baseline: null,
  top_clients: [],
  clients: 0,
  log_lag_seconds: null,
  lines_total: 0,
  skipped: {},
  discarded: {},
  bans_total: 0,
  unbans_total: 0,
  refused_total: 0,
  uptime_seconds: 41,
} as const;

const SCENES: Readonly<Record<string, Scene>> = {
  normal: { bans: few, recent: decisions(few, NOW_MS) },
  attack: {
    bans: many.slice(0, 412),
    recent: decisions(many, NOW_MS),
    attackMinutes: 37,
    status: { incident: attack, global_anomaly: true, clients: 4212 },
  },
  many: {
    bans: many,
    recent: decisions(many, NOW_MS),
    status: { bans_total: 48_211, unbans_total: 38_211, refused_total: 1204 },
  },
  observe: { bans: observed, recent: decisions(observed, NOW_MS), status: { mode: 'observe' } },
  empty: { traffic: false, status: warming },
  trouble: {
    bans: few,
    recent: decisions(few, NOW_MS),
    status: {
      state: 'trouble',
      fuse_blown: true,
      fuse_until: '2026-11-20T10:21:12Z',
      troubles: [
        `the log /var/log/nginx/${'a-long-name/'.repeat(8)}access.log cannot be read: EACCES`,
        'Slack refuses messages: HTTP 404',
      ],
    },
  },
};

let browser: Browser;
before(
  async () => {
    if (!skip) browser = await launch();
    mkdirSync(FOLDER, { recursive: true });
  },
  { timeout: 60_000 },
);
after(() => browser?.close());

for (const [name, scene] of Object.entries(SCENES)) {
  test(`the page shows the state "${name}" whole, in every theme and width`, { skip }, async () => {
    const server = await startHttpServer({ listen: '127.0.0.1:0', ...serve(scene, NOW_MS) });
    const page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    await page.goto(`${server.url}#24h`);
    await holds(
      page,
      `document.querySelector('#week td.known, #week-note:not(:empty)') !== null && document.querySelector('#readout').textContent !== ''`,
    );
    if (scene.bans) await page.waitForSelector('#ban-list .row');
    if (name === 'trouble') await server.close();
    if (name === 'trouble') await page.waitForSelector('#stale:not([hidden])');
    for (const theme of ['light', 'dark'] as const) {
      for (const [device, width, height] of [
        ['desktop', 1360, 900],
        ['phone', 390, 844],
      ] as const) {
        await page.emulateMedia({ colorScheme: theme });
        await page.setViewportSize({ width, height });
        assert.equal(
          await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'),
          true,
          `${theme} ${width}`,
        );
        await page.screenshot({ path: join(FOLDER, `${name}-${theme}-${device}.png`), fullPage: true });
      }
    }
    if (name === 'normal') {
      await page.click('#ban-list .row:nth-child(5)');
      await page.waitForSelector('#drawer-facts dt');
      await page.screenshot({ path: join(FOLDER, 'drawer-dark-phone.png') });
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 1360, height: 900 });
      await page.screenshot({ path: join(FOLDER, 'drawer-light-desktop.png') });
    }
    assert.deepEqual(name === 'trouble' ? [] : said, []);
    await page.close();
    if (name !== 'trouble') await server.close();
  });
}
