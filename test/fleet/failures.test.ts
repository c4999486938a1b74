/** Two hosts whose server freezes, dies, is emptied and comes back: what is local goes on, and nothing is lost or doubled. */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../support/daemon.ts';
import { RedisServer, redisSkip } from '../support/redis.ts';
import { logLine } from '../support/traffic.ts';
import { banned, rows, startHosts } from './hosts.ts';

/** Far below the time-out of an answer, which anyone who waited for the server would have to sit out. */
const WAIT_MS = 2000;

test('a server that fails', { skip: redisSkip() }, async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.close());
  const hosts = await startHosts(t, server, { 'web-1': { bans: { allowlist: ['198.51.100.64/26'] } }, 'web-2': {} });
  const [one, two] = [hosts['web-1'], hosts['web-2']];
  const both = [one, two];
  const timeBan = (address: string) => {
    const started = performance.now();
    assert.equal(one.zban('ban', address, '--for', '1h').status, 0);
    return performance.now() - started;
  };

  await t.test('what stays below the limit of each host is banned by what both counted', async () => {
    const second = Math.floor(Date.now() / 1000);
    const probes = (from: number) =>
      // About 26 points of 36, the same on each run: distinct paths are estimated, here under the key of replays.
      Array.from({ length: 26 }, (_, n) => `${logLine(second, '192.0.2.99', `/probe-${from + n}.php`, 404)}\n`).join(
        '',
      );
    appendFileSync(one.log, probes(0));
    appendFileSync(two.log, probes(100));
    await until('it is banned on both', () => both.every((host) => banned(host).includes('192.0.2.99')));
    const decided = both.map((host) => rows(host, 'ban', '192.0.2.99'));
    assert.deepEqual(
      decided.map((each) => each.length),
      [1, 1],
    );
    const own = decided.flat().find(({ actor }) => actor === 'policy');
    assert.equal(own?.numbers?.['rule'], 'scan');
    assert.ok(Number(own?.numbers?.['points']) > Number(own?.numbers?.['points_limit']));
    const [host] = both.filter((_, index) => decided[index]?.[0]?.actor === 'policy');
    assert.match(
      host?.zban('explain', '192.0.2.99').stdout ?? '',
      /too much for all hosts of the fleet together \(fleet\)/,
    );
  });

  await t.test('frozen: a local ban takes no longer, and reaches the others when it thaws', async () => {
    const reference = [1, 2, 3].map((n) => timeBan(`203.0.113.${n}`));
    const frozen: number[] = [];
    // The first ban of a freeze: once the host has noticed, nobody would wait any more.
    for (const n of [4, 5, 6]) {
      await until('the host is connected', () => one.status()?.fleet?.state === 'connected');
      server.signal('SIGSTOP');
      frozen.push(timeBan(`203.0.113.${n}`));
      server.signal('SIGCONT');
    }
    assert.ok(Math.min(...frozen) < Math.min(...reference) + WAIT_MS, `${frozen} ms frozen, ${reference} ms before`);
    await until('web-2 has them', () => banned(two).length === 7);
  });

  await t.test(
    'dead: trouble is reported once, both sides keep judging, and agree when an empty one is back',
    async () => {
      // Under load the freeze may have been trouble, too.
      const isQuiet = () => both.every((host) => host.status()?.troubles.length === 0);
      await until('both are back', isQuiet);
      const known = both.map((host) => rows(host, 'trouble').length);
      await server.kill();
      await until('both notice', () => both.every((host) => host.status()?.fleet?.state === 'away'));
      assert.match(one.status()?.troubles.join() ?? '', /the fleet's server is away since \d{4}-/);
      one.zban('ban', '198.51.100.1', '--for', '1h');
      two.zban('ban', '198.51.100.2', '--for', '1h');
      one.zban('unban', '203.0.113.1');
      assert.equal(one.status()?.fleet?.waiting, 3);
      assert.deepEqual(
        both.map((host, index) => rows(host, 'trouble').length - (known[index] ?? 0)),
        [1, 1],
      );
      await server.run();
      await until('both agree', () =>
        both.every((host) => banned(host).length === 8 && host.status()?.fleet?.waiting === 0),
      );
      await until('the trouble is over', isQuiet);
      for (const [index, host] of both.entries()) {
        assert.equal(rows(host, 'trouble').length, (known[index] ?? 0) + 1);
        assert.ok(!banned(host).includes('203.0.113.1'));
        for (const client of banned(host)) assert.equal(rows(host, 'ban', client).length, 1, client);
      }
      assert.equal(server.cli('ZCOUNT', 'zban:{shop}:active', '-inf', '(inf'), '8');
    },
  );

  await t.test('emptied under their feet: the hosts write into it what they know', async () => {
    server.cli('FLUSHALL');
    await until('it is seeded again', () => server.cli('ZCOUNT', 'zban:{shop}:active', '-inf', '(inf') === '8');
    for (const host of both)
      for (const client of banned(host)) assert.equal(rows(host, 'ban', client).length, 1, client);
  });

  await t.test('what was decided while both server and connection were gone is sent after the next start', async () => {
    await server.kill();
    one.zban('ban', '198.51.100.3', '--for', '1h');
    await one.stop();
    await server.run();
    await one.start();
    await until('web-2 has it', () => banned(two).includes('198.51.100.3'));
  });

  await t.test('so is a release for a ban that only another host has', async () => {
    two.zban('ban', '198.51.100.66', '--for', '1h');
    await until('web-1 has refused it', () => rows(one, 'refused').length === 1);
    await server.kill();
    await until('web-1 has noticed', () => one.status()?.fleet?.state === 'away');
    const answer = one.zban('unban', '198.51.100.66');
    assert.match(answer.stderr, /not banned here; other hosts of the fleet hear of it once its server is back$/m);
    await one.stop('SIGKILL');
    await server.run();
    await one.start();
    await until('web-2 has lifted it', () => !banned(two).includes('198.51.100.66'));
    await until('nothing waits', () => one.status()?.fleet?.waiting === 0);
  });
});
