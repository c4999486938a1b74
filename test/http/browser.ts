/** Starts the browser that the page is tested with. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { DEADLINE_MS } from '../support/until.ts';

const CHROMIUM = '/usr/bin/chromium';
export const skip = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM} (apt-get install chromium)`;

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    timeout: DEADLINE_MS,
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
}

/**
 * Resolves once `expression`, run in the page, is true. It is text, because the tests are not compiled with a browser's
 * types, and asked from outside, because the page's policy forbids the browser to evaluate text by itself.
 */
export async function holds(page: Page, expression: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await page.evaluate(expression))) {
    if (performance.now() > deadline) throw new Error(`never true: ${expression}`);
    await page.waitForTimeout(50);
  }
}
