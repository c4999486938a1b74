/** The page from its first moment until all of it is there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds, launch, skip } from './browser.ts';
import { NOW_MS } from './examples.ts';
import { serve } from './scenes.ts';
import { startHttpServer } from './start.ts';
import { STATES } from './states.ts';

test('nothing moves while the page fills: it is shown once all of it is there, or after two seconds', {
  skip,
}, async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  const server = await startHttpServer({ ...serve(STATES.normal, NOW_MS), listen: '127.0.0.1:0' });
  t.after(() => server.close());
  const page = await browser.newPage();
  // The page's timers stand still, so that a busy machine shows nothing early.
  await page.clock.install();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  await page.route('**/api/traffic*', async (route) => {
    await held;
    await route.continue();
  });
  const isHidden = `getComputedStyle(document.querySelector('.numbers')).visibility === 'hidden'`;
  await page.goto(server.url);
  await page.waitForSelector('#ban-list .row', { state: 'attached' });
  assert.equal(await page.evaluate(isHidden), true, 'traffic is not there yet');
  release();
  await holds(page, `!(${isHidden})`);
  const shifts = `new Promise((resolve) => new PerformanceObserver((list) =>
    resolve(list.getEntries().reduce((sum, { value }) => sum + value, 0))).observe({ type: 'layout-shift', buffered: true }))`;
  const none = new Promise((resolve) => setTimeout(resolve, 500, 0));
  const moved = Number(await Promise.race([page.evaluate(shifts), none]));
  assert.ok(moved < 0.02, `${moved}`);
  await page.unroute('**/api/traffic*');
  await page.route('**/api/traffic*', () => {});
  await page.reload();
  await page.waitForSelector('#ban-list .row', { state: 'attached' });
  assert.equal(await page.evaluate(isHidden), true, 'no traffic comes');
  await page.clock.runFor(2000);
  await holds(page, `!(${isHidden})`);
});
