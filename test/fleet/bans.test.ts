/** Three hosts and one server: what one decides reaches the others, where their own rules have the last word. */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { RedisServer, redisSkip } from '../support/redis.ts';
import { logLine } from '../support/traffic.ts';
import { banned, fleetOf, rows, startHosts } from './hosts.ts';

test('a ban, a release, an exception and a panic reach every host, and each judges for itself', {
  skip: redisSkip(),
}, async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.close());
  const dashboard = `127.0.0.1:${await freePort()}`;
  const hosts = await startHosts(t, server, {
    'web-1': {},
    'web-2': { bans: { allowlist: ['198.51.100.0/24'] }, http: { listen: dashboard } },
    'web-3': { mode: 'observe' },
  });
  const [one, two, three] = [hosts['web-1'], hosts['web-2'], hosts['web-3']];
  const all = [one, two, three];
  /** Hosts of the fleet as one of them shows them. */
  const namesOn = (daemon: typeof one) =>
    fleetOf(daemon)
      .hosts.map(({ host }) => host)
      .join(' ');

  await t.test('an operator bans on one host: the others are asked, and say who decided where', async () => {
    assert.equal(one.zban('ban', '203.0.113.9', '198.51.100.7', '--for', '1h', '--reason', 'scraper').status, 0);
    await until('the ban is on web-2', () => banned(two).length === 1);
    await until('the refusal is on record', () => rows(two, 'refused').length === 1);
    await until('observe mode notes both', () => banned(three).length === 2);
    const [ban] = rows(two, 'ban');
    assert.equal(ban?.actor, 'operator:root@web-1');
    assert.equal(ban?.numbers?.['origin'], 'web-1');
    assert.match(rows(two, 'refused', '198.51.100.7')[0]?.detail ?? '', /^allowlist: .*198\.51\.100\.0\/24/);
    assert.equal(rows(two, 'refused')[0]?.actor, 'operator:root@web-1');
    assert.deepEqual(
      rows(three, 'ban').map(({ enforced }) => enforced),
      [false, false],
    );
    assert.match(two.zban('list').stdout, /operator:root@web-1/);
    assert.match(two.auditText(), /BAN 203\.0\.113\.9 \| manual "scraper" \| operator:root@web-1 \| 1h/);
    assert.match(two.zban('explain', '203.0.113.9').stdout, /root@web-1 banned 203\.0\.113\.9 for 1h/);
  });

  await t.test('what a host judged reaches the others with its tier, and no host decides it twice', async () => {
    const second = Math.floor(Date.now() / 1000);
    const probes = Array.from({ length: 60 }, (_, n) => `${logLine(second, '192.0.2.66', `/probe-${n}.php`, 404)}\n`);
    appendFileSync(one.log, probes.join(''));
    await until('the scanner is banned on web-2', () => banned(two).includes('192.0.2.66'));
    const [ban] = rows(two, 'ban', '192.0.2.66');
    assert.equal(ban?.actor, 'policy@web-1');
    assert.match(String(ban?.numbers?.['digest']), /^[0-9a-f]{16}$/);
    assert.equal(two.json<{ ip: string; tier: number }[]>('list').find(({ ip }) => ip === '192.0.2.66')?.tier, 1);
    assert.match(
      two.zban('explain', '192.0.2.66').stdout,
      /zban on web-1 banned 192\.0\.2\.66[\s\S]*Its evidence is on web-1/,
    );
    const bans = () => all.map((host) => rows(host, 'ban', '192.0.2.66').length);
    await until('web-3 has heard of it, too', () => bans().every((count) => count > 0));
    assert.deepEqual(bans(), [1, 1, 1]);
    await until('the dashboard says who decided where', async () => {
      const shown = await (await fetch(`http://${dashboard}/api/snapshot`)).text();
      return ['policy@web-1', 'root@web-1'].every((actor) => shown.includes(`"actor":"${actor}"`));
    });
  });

  await t.test('an operator releases on another host: nobody blocks it any more', async () => {
    assert.equal(two.zban('unban', '203.0.113.9').status, 0);
    await until('web-1 has lifted it', () => !banned(one).includes('203.0.113.9'));
    await until('web-3 has lifted it', () => !banned(three).includes('203.0.113.9'));
    assert.equal(rows(one, 'unban', '203.0.113.9')[0]?.actor, 'operator:root@web-2');
  });

  await t.test('what only another host has banned is lifted there, and the answer says so', async () => {
    assert.equal(one.zban('ban', '198.51.100.64/26').status, 0);
    await until('web-2 has refused both', () => rows(two, 'refused').length === 2);
    const [lifted] = two.json<{ ok: boolean; code: string; message: string }[]>('unban', '198.51.100.7');
    assert.deepEqual([lifted?.ok, lifted?.code], [true, 'done']);
    assert.match(lifted?.message ?? '', /^unbanned on the other hosts of the fleet; this one did not ban it$/);
    assert.match(two.zban('unban', '198.51.100.66').stdout, /fleet \(198\.51\.100\.64\/26 covered it\)/);
    await until('web-1 has lifted both', () => banned(one).every((target) => !target.startsWith('198.51.100.')));
    const again = two.zban('unban', '198.51.100.7');
    assert.deepEqual([again.status, /not banned$/m.test(again.stderr + again.stdout)], [5, true]);
    assert.match(two.zban('unban', '198.51.100.0/24').stderr, /not banned here; what other hosts/);
  });

  await t.test('an exception holds on every host, and is taken back on every host', async () => {
    two.zban('allow', '192.0.2.66', '--reason', 'our scanner');
    await until('web-1 allows it', () => rows(one, 'allow', '192.0.2.66').length === 1);
    await until('its bans are over', () => all.every((host) => !banned(host).includes('192.0.2.66')));
    assert.match(one.zban('ban', '192.0.2.66').stderr, /never banned/);
    one.zban('allow', '--remove', '192.0.2.66');
    await until('web-2 has taken it back', () => rows(two, 'disallow', '192.0.2.66').length === 1);
  });

  await t.test('a panic on one host is a panic on all, until it is ended anywhere', async () => {
    two.zban('ban', '203.0.113.50');
    await until('the ban is everywhere', () => all.every((host) => banned(host).includes('203.0.113.50')));
    assert.equal(one.zban('panic', '--reason', 'locked out').status, 0);
    await until('every host panics', () => all.every((host) => host.status()?.panic?.reason === 'locked out'));
    assert.equal(two.status()?.panic?.by, 'root@web-1');
    assert.deepEqual(banned(two), []);
    assert.equal(two.zban('panic', '--end').status, 0);
    await until('no host panics', () => all.every((host) => host.status()?.panic === null));
    assert.equal(rows(one, 'panic').length, 1);
    assert.equal(rows(one, 'panic_end')[0]?.actor, 'operator:root@web-2');
  });

  await t.test(
    'what somebody else writes into the server is skipped and counted, and bans nobody protected',
    async () => {
      await until('all have met again', () => all.every((host) => host.status()?.fleet?.state === 'connected'));
      const ban = { v: 1, kind: 'ban', host: 'web-7', actor: 'operator:mallory', at: Date.now(), until: null, tier: 0 };
      const write = (text: string) => server.cli('XADD', 'zban:{shop}:bans', '*', 'e', text);
      const before = one.status()?.fleet?.unknown_entries ?? 0;
      for (const text of [
        'no entry',
        '[]',
        '{"v":1}',
        JSON.stringify({ ...ban, v: 2, target: '203.0.113.80', condition: 'manual' }),
        JSON.stringify({ ...ban, kind: 'unban', actor: 'policy', target: '203.0.113.9' }),
      ])
        write(text);
      for (const target of ['0.0.0.0/0', '127.0.0.1', 'x'.repeat(500), '203.0.113.81'])
        write(JSON.stringify({ ...ban, target, condition: 'manual', reason: '\u001b[2J\nBAN 192.0.2.1' }));
      await until('the entry among them is heard', () => banned(one).includes('203.0.113.81'));
      assert.equal((one.status()?.fleet?.unknown_entries ?? 0) - before, 5);
      assert.deepEqual(
        banned(one).filter((target) => ['0.0.0.0/0', '127.0.0.1', '203.0.113.80'].includes(target)),
        [],
      );
      assert.match(rows(one, 'refused', '127.0.0.1')[0]?.detail ?? '', /^protected: /);
      assert.ok(!one.auditText().includes('\u001b'));
      assert.doesNotMatch(one.auditText(), /^BAN/m);
      // Hosts, counts and bans that are none keep no host from saying what it has to say.
      server.cli('HSET', 'zban:{shop}:hosts', 'web-8', 'nonsense');
      server.cli('HSET', 'zban:{shop}:details', '203.0.113.81', 'nonsense');
      server.cli('SET', 'zban:{shop}:panic', 'nonsense');
      server.cli('HSET', 'zban:{shop}:allowed', '192.0.2.77', 'nonsense');
      one.zban('unban', '203.0.113.81');
      two.zban('allow', '192.0.2.77');
      await until(
        'both are said',
        () => !banned(two).includes('203.0.113.81') && rows(one, 'allow', '192.0.2.77').length === 1,
      );
      // On a busy machine the server may have been away for a moment.
      await until('nothing is wrong', () => one.status()?.troubles.length === 0);
      await until('nobody else is a host', () => namesOn(one) === 'web-1 web-2 web-3');
    },
  );

  await t.test('zban fleet shows the hosts, and takes one out', async () => {
    await until('all have met again', () => all.every((host) => host.status()?.fleet?.state === 'connected'));
    const modes = await until('all are shown', () => {
      const { hosts } = fleetOf(one);
      return hosts.length === 3 && hosts.map(({ mode }) => mode);
    });
    assert.deepEqual(modes, ['enforce', 'enforce', 'observe']);
    assert.match(three.zban('fleet', 'leave').stdout, /^web-3 has left the fleet shop/);
    assert.equal(three.status()?.fleet?.state, 'left');
    assert.match(three.zban('doctor').stdout, /warn +daemon: has left the fleet shop: this host judges alone\n/);
    await until('it is gone', () => fleetOf(one).hosts.length === 2);
    one.zban('ban', '203.0.113.77');
    await until('web-2 has the ban', () => banned(two).includes('203.0.113.77'));
    assert.ok(!banned(three).includes('203.0.113.77'));
  });
});
