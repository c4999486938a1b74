/** Three hosts and one Slack, or twenty hosts without: people hear of each incident once, from the host that decided. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { orderOf } from '../../src/daemon/fleet/fleet-orders.ts';
import { formatOrder, parseOrder } from '../../src/fleet/entry.ts';
import { answer, banEvent, T0 } from '../daemon/fixtures.ts';
import { until } from '../support/daemon.ts';
import { RedisServer, redisSkip } from '../support/redis.ts';
import { logLine } from '../support/traffic.ts';
import { banned, rows, startHosts } from './hosts.ts';
import { AHEAD_MS, make } from './proposing.ts';

const SLACK = fileURLToPath(new URL('../e2e/slack-program.ts', import.meta.url));

/** Headlines that came so far, and where to post. */
async function startSlack(child: ChildProcess) {
  const texts: string[] = [];
  let port: number | undefined;
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const value = JSON.parse(line) as { readonly port?: number; readonly text?: string };
    port ??= value.port;
    if (value.text !== undefined) texts.push(value.text);
  });
  await until('Slack listens', () => port !== undefined);
  return { texts, url: `http://127.0.0.1:${port}/services/T0TEST/B0TEST/secret` };
}

test('a ban, a release, an exception and a panic on three hosts are one message each, also the release by a host that has no such ban', {
  skip: redisSkip(),
}, async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.close());
  const child = spawn(process.execPath, [SLACK], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill());
  const slack = await startSlack(child);
  const told = (pattern: RegExp) => slack.texts.filter((text) => pattern.test(text));
  const host = (name: string) => ({ name, notify: { slack: { webhook_url: slack.url } } });
  const hosts = await startHosts(t, server, {
    'web-1': host('web-1'),
    'web-2': host('web-2'),
    'web-3': { ...host('web-3'), bans: { allowlist: ['203.0.113.50'] } },
  });
  const [one, two, three] = [hosts['web-1'], hosts['web-2'], hosts['web-3']];
  const all = [one, two, three];
  const isOn = (target: string) => all.every((each) => banned(each).includes(target));

  const second = Math.floor(Date.now() / 1000);
  const probes = Array.from({ length: 60 }, (_, n) => `${logLine(second, '192.0.2.66', `/probe-${n}.php`, 404)}\n`);
  appendFileSync(one.log, probes.join(''));
  await until('the scanner is banned on all', () => isOn('192.0.2.66'));
  two.zban('ban', '203.0.113.9', '--for', '1h');
  await until('the typed ban is on all', () => isOn('203.0.113.9'));
  three.zban('unban', '203.0.113.9');
  await until('it is lifted on all', () => all.every((each) => !banned(each).includes('203.0.113.9')));
  two.zban('ban', '203.0.113.50', '--for', '1h');
  await until('the two that may have banned it', () =>
    [one, two].every((each) => banned(each).includes('203.0.113.50')),
  );
  three.zban('unban', '203.0.113.50', '--reason', 'a customer');
  await until('it is lifted on both', () => [one, two].every((each) => !banned(each).includes('203.0.113.50')));
  two.zban('allow', '203.0.113.77');
  await until('all allow it', () => all.every((each) => rows(each, 'allow').length === 1));
  one.zban('allow', '203.0.113.77', '--remove');
  await until('none does', () => all.every((each) => rows(each, 'disallow').length === 1));
  // Of bans whose messages wait, a panic would say that they are over.
  await until('nothing waits to be said', () => all.every((each) => each.status()?.outbox === 0));
  three.zban('panic', '--reason', 'drill');
  await until('all panic', () => all.every((each) => each.status()?.panic));
  one.zban('panic', '--end');
  await until('all have ended it', () => all.every((each) => rows(each, 'panic_end').length === 1));
  // What comes last tells that nothing is on its way any more.
  await until('all are back', () => all.every((each) => each.status()?.fleet?.state === 'connected'));
  for (const [index, each] of all.entries()) {
    each.zban('ban', `198.51.100.${index + 1}`);
    await until('its last message is there', () => told(new RegExp(`198\\.51\\.100\\.${index + 1}\\b`)).length > 0);
  }
  // Messages of different hosts come in any order.
  const of = (pattern: RegExp) =>
    told(pattern)
      .map((text) => /web-\d/.exec(text)?.[0] ?? text)
      .sort();
  assert.deepEqual(of(/192\.0\.2\.66/), ['web-1'], slack.texts.join('\n'));
  assert.deepEqual(of(/203\.0\.113\.9 banned/), ['web-2'], slack.texts.join('\n'));
  assert.deepEqual(of(/released 203\.0\.113\.9/), ['web-3'], slack.texts.join('\n'));
  assert.deepEqual(of(/released 203\.0\.113\.50: .*a customer; other hosts of the fleet had banned it/), ['web-3']);
  assert.deepEqual(of(/released 203\.0\.113\.50/), ['web-3'], slack.texts.join('\n'));
  assert.deepEqual(of(/203\.0\.113\.77 (added|removed)/), ['web-1', 'web-2'], slack.texts.join('\n'));
  // Each makes a new instance, which on a busy machine says again what the one before was about to say.
  assert.deepEqual([...new Set(of(/stopped all|the panic/))], ['web-1', 'web-3'], slack.texts.join('\n'));
});

test('a ban that one of twenty hosts decided begins and ends with one message, and none of them says it again', async (t) => {
  const ip = '203.0.113.9';
  const hosts = Array.from({ length: 20 }, (_, n) => ({ name: `web-${n + 1}`, ...make(t) }));
  const [first, ...others] = hosts as [(typeof hosts)[0], ...typeof hosts];
  const saidBy = ({ name, trail }: (typeof hosts)[0]) =>
    trail
      .query({ limit: 9 })
      .flatMap((row) => orderOf(row, { host: name, aheadMs: AHEAD_MS, others: new Set() }) ?? []);
  first.bans.onEvents([banEvent(ip)], []);
  const orders = saidBy(first).flatMap((order) => parseOrder(formatOrder(order)) ?? []);
  assert.equal(orders.length, 1);
  for (const { apply } of others) await apply(...orders);
  for (const { bans } of hosts) await bans.onResult(answer({ confirmed: [ip] }));
  assert.ok(hosts.every(({ trail }) => trail.findActiveBan(ip, T0)?.confirmed));
  for (const { bans, clock } of hosts) {
    clock.nowMs = T0 + 600_001;
    await bans.expireDue();
  }
  assert.ok(hosts.every(({ trail }) => trail.findActiveBan(ip, T0) === undefined));
  assert.deepEqual(
    hosts.flatMap(({ name, told }) => told.map(({ kind }) => `${name} ${kind}`)),
    ['web-1 ban', 'web-1 unban'],
  );
  assert.deepEqual(others.flatMap(saidBy), []);
});
