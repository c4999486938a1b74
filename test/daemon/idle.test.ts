import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { TestDaemon } from '../support/daemon.ts';

const SECONDS = 5;
/** About 10 are measured; a look every 20 ms alone makes 50. */
const WAKES_MAX = 25;

/** How often the threads of a process had nothing to do and went to sleep, proc(5): the same on a slow machine. */
function sleeps(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'latin1');
    return sum + Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
  }, 0);
}

test('an idle daemon sleeps', async (t) => {
  const daemon = new TestDaemon({ config: { mode: 'observe', http: { listen: '127.0.0.1:0' } } });
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  const { pid = 0 } = await daemon.start();
  const before = sleeps(pid);
  await delay(SECONDS * 1000);
  const perSecond = (sleeps(pid) - before) / SECONDS;
  assert.ok(perSecond < WAKES_MAX, `${perSecond} wake-ups a second`);
});
