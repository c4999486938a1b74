/** What a host's link hears of the stream, from a real server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatOrder } from '../../src/fleet/entry.ts';
import type { LinkOptions } from '../../src/fleet/link-options.ts';
import { redisSkip } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { connect, joinLink, keys, order, start } from './servers.ts';

/** Entries that one read holds. */
const READ_COUNT = 2000;

test('that nothing more comes is heard at once, also after as much as one read holds', {
  skip: redisSkip(),
}, async (t) => {
  const redis = await start(t);
  const server = await connect(t, [redis.url]);
  const heard: { readonly count: number; readonly isMoreComing: boolean }[] = [];
  const onOrders: LinkOptions['onOrders'] = async ({ length: count }, _, isMoreComing) => {
    heard.push({ count, isMoreComing });
  };
  const { promise: up, resolve: onUp } = Promise.withResolvers<unknown>();
  joinLink(t, { urls: [redis.url] }, { onOrders, onUp });
  await up;
  const write = `for i = 1, ${READ_COUNT} do redis.call('XADD', KEYS[1], '*', 'e', ARGV[1]) end`;
  await server.command(keys.bans, ['EVAL', write, '1', keys.bans, formatOrder(order({ host: 'web-2' }))]);
  const count = () => heard.reduce((sum, each) => sum + each.count, 0);
  await until('all are heard, and that they were all', () => count() === READ_COUNT && !heard.at(-1)?.isMoreComing);
  assert.equal(
    heard.filter(({ isMoreComing, count }) => !isMoreComing && count > 0).length,
    0,
    'a full read says more',
  );
});
