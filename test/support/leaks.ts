/**
 * Loaded into the process of every test file: what a suite leaves open (a timer, a server, a child) keeps its process from
 * ending, and fails the file instead of holding up the run.
 */
import { after } from 'node:test';
import { isMainThread } from 'node:worker_threads';

/** From the last test on, with what the file's own hooks close. */
const CLOSED_WITHIN_MS = Number(process.env['ZBAN_CLOSED_WITHIN_MS'] ?? 60_000);

/** Keeps nothing alive itself: it only comes to pass where something else does. */
function watch(): void {
  const look = () => {
    const open = process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap)$/.test(name));
    console.error(`the tests are over, and these are still open: ${open.join(', ')}`);
    process.exit(1);
  };
  setTimeout(look, CLOSED_WITHIN_MS).unref();
}

if (isMainThread) after(watch);
