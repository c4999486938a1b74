import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLoadSampler } from '../../src/host/load.ts';
import { DEADLINE_MS } from '../support/until.ts';

test('the sampler shows a busy process and the memory of the host, as numbers in range', async (t) => {
  const sampler = startLoadSampler({ intervalMs: 120 });
  t.after(() => sampler.stop());
  const deadline = Date.now() + DEADLINE_MS;
  let load = sampler.current();
  while ((load.cpu_percent === 0 || load.host_cpu_percent === 0) && Date.now() < deadline) {
    for (const busyUntil = performance.now() + 20; performance.now() < busyUntil; );
    await new Promise((resolve) => setTimeout(resolve, 5));
    load = sampler.current();
  }
  assert.ok(load.cpu_percent > 0);
  assert.ok(load.memory_bytes > 1_000_000);
  assert.ok(load.host_memory_percent > 0 && load.host_memory_percent <= 100);
  assert.ok(load.host_cpu_percent > 0 && load.host_cpu_percent <= 100);
});
