/** Every state of the page, in both themes, on a desktop and a phone: pictures to look at (test/http/screens), and what must hold in each. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startHttpServer } from '../../src/http/server.ts';
import type { LiveLane } from '../../src/model/lane.ts';
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
const LANE: LiveLane = {
  id: 'l-7f3a',
  action: 'hold',
  match: {
    user_agent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36',
    path: '/search*',
    referer: 'absent',
  },
  enforced: true,
  actor: 'policy',
  since: '2026-11-20T09:35:00Z',
  until: '2026-11-21T09:35:00Z',
  kept: false,
  usual_rate: 0.4,
  state: 'open',
  message: '',
  proof: {
    surplus: 5120,
    clients: 4100,
    seconds: 60,
    coverage: 0.96,
    rate: 85,
    backtest: { hours: 24, clients: 41_000, clients_matched: 3, requests: 1_400_000, requests_matched: 9 },
  },
};
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
    lanes: [LANE],
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

/** Every theme and every width in each state; both of both where SCREENS=all asks for it. */
const VIEWS = [
  ['light', 'desktop', 1360, 900],
  ['dark', 'phone', 390, 844],
  ...(process.env['SCREENS'] === 'all'
    ? ([
        ['dark', 'desktop', 1360, 900],
        ['light', 'phone', 390, 844],
      ] as const)
    : []),
] as const;

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
    for (const [theme, device, width, height] of VIEWS) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height });
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true, device);
      await page.screenshot({ path: join(FOLDER, `${name}-${theme}-${device}.png`), fullPage: true });
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
