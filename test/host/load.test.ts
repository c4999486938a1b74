import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLoadSampler } from '../../src/host/load.ts';

test('where no file can be opened the last sample stands, and zban goes on', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const sampler = startLoadSampler();
  t.after(() => sampler.stop());
  const { memory_bytes: before } = sampler.current();
  assert.ok(before > 0);
  t.mock.method(process.memoryUsage, 'rss', () => {
    throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  });
  t.mock.timers.tick(60_000);
  assert.equal(sampler.current().memory_bytes, before);
});
