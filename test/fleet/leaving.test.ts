import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/daemon.ts';
import { redisSkip } from '../support/redis.ts';
import { joinLink, keys, start } from './servers.ts';

test('a host that leaves is gone, also when its next beat is due before the server has answered', {
  skip: redisSkip(),
}, async (t) => {
  const redis = await start(t);
  const link = joinLink(t, { urls: [redis.url] });
  const said = () => redis.cli('HGET', keys.hosts, 'web-1');
  await until('it is there', () => said() !== '');
  const before = said();
  await until('it beats', () => said() !== before);
  // Longer than from one beat to the next, and shorter than a host waits for an answer.
  redis.cli('CLIENT', 'PAUSE', '1500', 'WRITE');
  await link.leave();
  await until('the server goes on', () => redis.cli('SET', 'elsewhere', '1') === 'OK');
  assert.equal(redis.cli('HKEYS', keys.hosts), '');
});
