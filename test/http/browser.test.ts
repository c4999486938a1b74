import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createMetrics } from '../../src/http/metrics.ts';
import { type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { activeBan, auditEntry, status } from './examples.ts';

const CHROMIUM = '/usr/bin/chromium';
const skip = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM} (apt-get install chromium)`;
const HOSTILE = [
  '<img src=x onerror="window.owned=1">',
  '"><script>window.owned=1</script>',
  "javascript:window.owned=1//'-alert(1)-'",
  '</textarea><svg/onload=window.owned=1>',
];

let browser: Browser;
let server: HttpServer;
let lines = 0;
let hostile = false;

const [first = '', second = '', third = '', fourth = ''] = HOSTILE;
const listen = (port: number | string) =>
  startHttpServer({
    listen: `127.0.0.1:${port}`,
    log: () => {},
    metrics: createMetrics(),
    probes: { findStall: () => undefined, findUnready: () => undefined },
    status: () => {
      lines += 1;
      return hostile
        ? status({
            name: first,
            backend: second,
            troubles: [first, second],
            top_clients: [{ name: third, requests: 1, share: 7 }],
            logs: [{ path: fourth, state: first, behind_bytes: 1 }],
            skipped: { [first]: 1 },
          })
        : status({ lines_total: lines });
    },
    bans: () =>
      hostile ? [activeBan({ client: first, condition: second, reason: third, numbers: null })] : [activeBan()],
    recent: () => (hostile ? [auditEntry({ client: fourth, detail: first, condition: second })] : [auditEntry()]),
  });

before(
  async () => {
    if (skip) return;
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  },
  { timeout: 60_000 },
);
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens the page and notes what it says on the console and where it goes. */
async function open(): Promise<{ page: Page; said: string[]; asked: Set<string> }> {
  const page = await browser.newPage();
  const said: string[] = [];
  const asked = new Set<string>();
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('request', (request) => asked.add(new URL(request.url()).origin));
  await page.goto(server.url);
  await page.waitForSelector('#ban-rows tr');
  return { page, said, asked };
}

/**
 * Resolves once `expression`, run in the page, is true. It is text, because the tests are not compiled with a browser's
 * types, and asked from outside, because the page's policy forbids the browser to evaluate text by itself.
 */
async function holds(page: Page, expression: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await page.evaluate(expression))) {
    if (performance.now() > deadline) throw new Error(`never true: ${expression}`);
    await page.waitForTimeout(20);
  }
}

/** Waits for the next refresh; the milliseconds it took. */
async function refreshed(page: Page): Promise<number> {
  const startMs = performance.now();
  const shown = await page.textContent('#lines');
  await holds(page, `document.getElementById('lines').textContent !== ${JSON.stringify(shown)}`);
  return performance.now() - startMs;
}

test('the page shows the status, changes by itself within three seconds, and asks nobody else', { skip }, async () => {
  server = await listen(0);
  const { page, said, asked } = await open();
  assert.equal(await page.textContent('#name'), 'web-1.example.com');
  assert.equal(await page.textContent('#site'), '36.2 ± 8.1');
  assert.match((await page.textContent('#ban-rows')) ?? '', /203\.0\.113\.9.*7\.4x of 0\.70±0\.55\/s.*zban unban/s);
  assert.match((await page.textContent('#log-rows')) ?? '', /shop\.access\.log.*missing/s);
  await refreshed(page);
  // The quickest of several, so that a busy machine is no failure and a slow page is one.
  const waits = [await refreshed(page), await refreshed(page), await refreshed(page)];
  assert.ok(Math.min(...waits) < 3000, `${waits}`);
  assert.deepEqual([...asked], [new URL(server.url).origin]);
  assert.deepEqual(said, []);
  await page.close();
});

test('a selected row survives refreshes', { skip }, async () => {
  const { page } = await open();
  await page.evaluate(`window.before = document.querySelector('#ban-rows tr')`);
  await refreshed(page);
  assert.equal(await page.evaluate(`window.before === document.querySelector('#ban-rows tr')`), true);
  await page.close();
});

test('on a phone nothing is wider than the screen', { skip }, async () => {
  const { page } = await open();
  for (const width of [320, 390, 800, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true, `${width}`);
  }
  await page.close();
});

test('markup and scripts from a log are text, and run nowhere', { skip }, async () => {
  hostile = true;
  const { page, said } = await open();
  await holds(page, `document.getElementById('name').textContent === ${JSON.stringify(first)}`);
  const text = (await page.textContent('body')) ?? '';
  for (const payload of HOSTILE) assert.ok(text.includes(payload), `${payload} is shown as it is`);
  assert.equal(await page.evaluate('window.owned'), undefined);
  assert.equal(await page.evaluate(`document.querySelectorAll('main img, main script, svg[onload]').length`), 0);
  assert.deepEqual(said, []);
  await page.close();
  hostile = false;
});

test('the policy refuses markup even if the page tried to use it', { skip }, async () => {
  const { page } = await open();
  const attempt = page.evaluate(`document.body.innerHTML = '<b>x</b>'`);
  await assert.rejects(attempt, /TrustedHTML/);
  await page.close();
});

test('a page says that the daemon is gone, and goes on when it is back', { skip }, async () => {
  const { page } = await open();
  const { port } = new URL(server.url);
  await server.close();
  await page.waitForSelector('#stale:not([hidden])', { timeout: 15_000 });
  assert.match((await page.textContent('#stale')) ?? '', /No answer from zban since/);
  server = await listen(port);
  await page.waitForSelector('#stale', { state: 'hidden', timeout: 20_000 });
  await holds(page, `document.getElementById('live').textContent.startsWith('live')`);
  await page.close();
});

test('all pages of a browser share one stream, so that none waits for another to close', { skip }, async () => {
  const context = await browser.newContext();
  // HTTP/1.1: with a stream each, the seventh would not even load.
  const pages = await Promise.all(Array.from({ length: 8 }, () => context.newPage()));
  for (const page of pages) {
    await page.goto(server.url);
    await page.waitForSelector('#ban-rows tr');
  }
  await Promise.all(pages.map(refreshed));
  await context.close();
});

test('a browser without shared workers, and one for which there is no stream left, show the page too', {
  skip,
}, async () => {
  const context = await browser.newContext();
  await context.addInitScript('delete window.SharedWorker');
  const page = await context.newPage();
  await page.route('**/events', (route) => route.fulfill({ status: 503, body: 'too many' }));
  await page.goto(server.url);
  await page.waitForSelector('#ban-rows tr');
  await refreshed(page);
  await context.close();
});
