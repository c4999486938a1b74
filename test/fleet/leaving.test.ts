/** A host's name in its fleet: gone when it leaves, and noticed where another has it, too. */
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

test('another host of this name is noticed, also where this one beats twice between two beats of that one', {
  skip: redisSkip(),
}, async (t) => {
  const redis = await start(t);
  let beats = 0;
  const link = joinLink(
    t,
    { urls: [redis.url] },
    {
      // Before each beat.
      describe: () => {
        if (++beats % 2 === 0) redis.cli('HSET', keys.hosts, 'web-1', `${Date.now()} {"run":"0ther"}`);
        return {};
      },
    },
  );
  await until('it beats', () => beats > 4);
  await until('it is noticed', () => link.hasTwin);
});
