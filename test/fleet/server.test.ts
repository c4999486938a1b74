/** The scripts and the connection against real servers: repeated calls, rights, TLS. No daemon is needed for it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { serverOf } from '../../src/daemon/fleet/fleet.ts';
import { checkFleet } from '../../src/doctor/fleet.ts';
import { OutgoingCounts } from '../../src/fleet/counts.ts';
import { readHosts } from '../../src/fleet/hosts.ts';
import { shardOf } from '../../src/fleet/keys.ts';
import { BEAT, COUNT } from '../../src/fleet/scripts.ts';
import { readEnds, readNews, STREAM_START } from '../../src/fleet/stream.ts';
import { pour, watchUntil } from '../share/shared-bucket.ts';
import { freePort } from '../support/ports.ts';
import { redisSkip } from '../support/redis.ts';
import { mulberry32 } from '../support/traffic.ts';
import { ACL, connect, counts, keys, order, publish, readOrders, start, streamLength, T0 } from './servers.ts';

test('one address is a server, a list a Cluster, and with a master they are Sentinels', () => {
  const kindOf = (fleet: object) => {
    const parsed = configSchema.parse({ fleet }).fleet ?? assert.fail('no fleet');
    return serverOf(parsed).kind;
  };
  const [url, master] = ['redis://192.0.2.1:6379', 'mymaster'];
  assert.deepEqual([{ url }, { url: [url] }, { url, master }, { url: [url, url], master }].map(kindOf), [
    'single',
    'cluster',
    'sentinel',
    'sentinel',
  ]);
});

test('one server', { skip: redisSkip() }, async (t) => {
  const redis = await start(t);
  const server = await connect(t, [redis.url]);

  await t.test('a decision said again is no news; a longer ban is, and a release ends what is older', async () => {
    await publish(server, order({}), order({}), order({ untilMs: T0 + 601_000 }));
    assert.equal(await streamLength(server), 1);
    await publish(server, order({ untilMs: T0 + 900_000 }));
    assert.equal(await streamLength(server), 2);
    const release = order({ kind: 'unban', actor: 'operator:anna', atMs: T0 + 1000 });
    await publish(server, release, release, order({ atMs: T0 + 500, untilMs: null }));
    assert.equal(await streamLength(server), 3);
    assert.equal(redis.cli('ZCARD', keys.active), '0');
    await publish(server, order({ atMs: T0 + 1001 }));
    assert.equal(redis.cli('ZCARD', keys.active), '1');
  });

  await t.test('all that is in force can be read at once, and an ended ban is swept away', async () => {
    await publish(server, order({ kind: 'allow', actor: 'operator:anna', target: '198.51.100.0/24' }));
    const orders = await readOrders(server);
    assert.deepEqual(
      orders.map(({ kind, target }) => `${kind} ${target}`),
      ['unban 192.0.2.1', 'allow 198.51.100.0/24', 'ban 192.0.2.1'],
    );
    redis.cli('ZADD', keys.active, '1', '192.0.2.1');
    await publish(server, order({ target: '192.0.2.2' }));
    assert.equal(redis.cli('ZCARD', keys.active), '1');
    assert.equal(redis.cli('HLEN', keys.details), '1');
  });

  await t.test('the stream keeps about 100,000 decisions, the newest', async () => {
    const fill = `for i = 1, 101000 do redis.call('XADD', KEYS[1], '*', 'e', 'x') end`;
    await server.command(keys.bans, ['EVAL', fill, '1', keys.bans], 60_000);
    await publish(server, order({ target: '192.0.2.3' }));
    const length = Number(redis.cli('XLEN', keys.bans));
    assert.ok(length >= 100_000 && length < 100_500, `${length}`);
    assert.match(redis.cli('XREVRANGE', keys.bans, '+', '-', 'COUNT', '1'), /192\.0\.2\.3/);
    redis.cli('DEL', keys.bans);
  });

  await t.test('the server pours, drains and watches as the model does; a repeated batch counts once', async () => {
    const random = mulberry32(5);
    const time = async () => {
      const [seconds, micros] = (await server.command(keys.epoch, ['TIME'])) as [string, string];
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    };
    for (let n = 1; n <= 80; n++) {
      const client = `203.0.113.${n}`;
      const shard = shardOf(client);
      const of = [keys.batches(shard), keys.counts(shard, client)];
      const [limit, leak] = [5 + Math.floor(random() * 55), 10 ** (random() * 4 - 3)];
      const points = Math.round((random() * 1.5 - 0.5) * limit);
      const fromMs = await time();
      const before = {
        level: random() * limit,
        atMs: fromMs - Math.floor(random() * 60_000),
        leak: leak * random() * 2,
      };
      const isKnown = random() < 0.8;
      if (isKnown)
        await server.command(keys.counts(shard, client), [
          ...['HSET', keys.counts(shard, client), 'scan', `${before.level} ${before.atMs} ${before.leak}`],
        ]);
      const run = async () =>
        ((await server.run(COUNT, of, ['web-1#a', String(n), '1', `scan ${points} ${limit} ${leak}`])) as string[])[0];
      const [watchedMs, , , level, drain] = (await run())?.split(' ').map(Number) ?? [];
      // Within the time that the call took.
      const [first, last] = [fromMs, await time()].map((ms) => pour(isKnown ? before : undefined, points, leak, ms));
      const said = `${n}: ${level} ${drain} ${watchedMs}, ${JSON.stringify([before, points, leak, first, last])}`;
      const isAbout = (value = Number.NaN, from = 0, to = 0, off = 0) => value >= from - off && value <= to + off;
      assert.ok(isAbout(level, last?.level, first?.level, 1e-3), said);
      assert.ok(isAbout(drain, last?.leak, first?.leak, 1e-5), said);
      const [from, to] = [last, first].map((of) => of && watchUntil({ ...of, level: Math.min(of.level, limit) }, 0));
      assert.ok(isAbout(watchedMs, from, to, 2), said);
      const [, , , again = 0] = (await run())?.split(' ').map(Number) ?? [];
      assert.ok(again <= Math.min(level ?? 0, limit) + 1e-3, `${said}; again ${again}`);
    }
  });

  await t.test('of several hosts one decides an offence, and the first report puts the client on watch', async () => {
    const host = (name: string, bans = true) =>
      new OutgoingCounts({ host: name, keys, run: 'r', bans, now: () => performance.now() });
    const [one, two, observer] = [host('web-1'), host('web-2'), host('web-3', false)];
    const first = await one.send(server, [counts('203.0.113.2', 7)]);
    assert.deepEqual(
      first.watched.map(({ client }) => client),
      ['203.0.113.2'],
    );
    assert.ok((first.watched[0]?.seconds ?? 0) >= 60);
    assert.deepEqual((await two.send(server, [counts('203.0.113.2', 1)])).watched, [], 'it is on watch already');
    const over = await two.send(server, [counts('203.0.113.2', 6)]);
    assert.equal(over.offences[0]?.client, '203.0.113.2');
    assert.ok((over.offences[0]?.points ?? 0) > 12);
    assert.deepEqual((await one.send(server, [counts('203.0.113.2', 1)])).offences, [], 'somebody else decides');
    assert.equal(
      (await observer.send(server, [counts('203.0.113.2', 1)])).offences.length,
      1,
      'observe mode only notes it',
    );
    const { watched } = await readNews(
      server,
      keys,
      (await readEnds(server, keys))?.last ?? STREAM_START,
      STREAM_START,
    );
    assert.ok(watched.some(({ client }) => client === '203.0.113.2'));
  });

  await t.test('a silent host shares no counts; an emptied server has another epoch', async () => {
    const beat = async (host: string) =>
      (await server.run(BEAT, keys.beat, [host, '{"counts":true}', '10000', `e-${host}`])) as string[];
    assert.equal(Number((await beat('web-1'))[2]), 1);
    assert.equal(Number((await beat('web-2'))[2]), 2);
    redis.cli('HSET', keys.hosts, 'web-2', `${Date.now() - 11_000} {"counts":true}`);
    const [, epoch, live] = await beat('web-1');
    assert.deepEqual([epoch, Number(live)], ['e-web-1', 1]);
    redis.cli('FLUSHALL');
    assert.equal((await beat('web-3'))[1], 'e-web-3');
  });

  await t.test('what is no host by its name is none, and what a host says of itself is cut', async () => {
    redis.cli('FLUSHALL');
    const say = (host: string, about: object) =>
      redis.cli('HSET', keys.hosts, host, `${Date.now()} ${JSON.stringify(about)}`);
    for (const name of ['x'.repeat(101), 'web-1 \u001b[2J', 'a\nb']) say(name, {});
    say('web-1', { version: 'x'.repeat(4000), mode: 'enforce', bans: 5, pending: 2 });
    const hosts = await readHosts(server, keys);
    assert.deepEqual(
      hosts.map(({ host, version, mode, bans, pending }) => [host, version, mode, bans, pending]),
      [['web-1', 'x'.repeat(20), 'enforce', 5, 2]],
    );
  });

  await t.test('a host lags by the age of what it has not read, not by that of what it has', async () => {
    redis.cli('FLUSHALL');
    const nowMs = Date.now();
    const add = (ms: number) => redis.cli('XADD', keys.bans, `${ms}-0`, 'e', '{}');
    add(nowMs - 3_600_000);
    add(nowMs - 5000);
    const beat = (host: string, read: string, seenMs = nowMs) =>
      redis.cli('HSET', keys.hosts, host, `${seenMs} ${JSON.stringify({ read })}`);
    beat('web-1', `${nowMs - 5000}-0`);
    beat('web-2', `${nowMs - 3_600_000}-0`);
    beat('web-3', '');
    beat('web-4', `${nowMs - 3_600_000}-0`, nowMs - 6000);
    beat('web-5', `${nowMs - 3_600_000}-0`, nowMs - 60_000);
    const lags = (await readHosts(server, keys)).map(({ lag_seconds: lag }) => Math.round(lag));
    assert.deepEqual(lags.slice(0, 4), [0, 5, 3600, 0]);
    assert.ok((lags[4] ?? 0) >= 5, 'what a silent host has not read grows older');
  });

  await t.test('doctor: rights, eviction, memory, and a user with the rights of docs/fleet.md', async () => {
    redis.cli('ACL', 'SETUSER', 'zban', 'on', '>secret', ...ACL.split(' '));
    redis.cli('ACL', 'SETUSER', 'poor', 'on', '>secret', '~zban:*', '+@read');
    const fleet = (user: string, name = 'shop') => {
      const config = configSchema.parse({ fleet: { url: redis.url.replace('//', `//${user}:secret@`), name } });
      return checkFleet(config);
    };
    assert.deepEqual(
      (await fleet('zban')).map(({ level, message }) => [
        level,
        /^4 other hosts; (redis 7|valkey \d+)\..* keeps what is written/.test(message),
      ]),
      [['ok', true]],
    );
    const [misspelt] = await fleet('zban', 'shpo');
    assert.match(misspelt?.message ?? '', /^no other host of the fleet shpo was heard of within a day/);
    assert.match((await fleet('poor'))[0]?.message ?? '', /may not do what it must: NOPERM/);
    const [nobody] = await fleet('nobody');
    assert.match(nobody?.message ?? '', /turns this host away: WRONGPASS/);
    assert.match(nobody?.fix ?? '', /password_file/);
    redis.cli('ACL', 'SETUSER', 'bans', 'on', '>secret', ...ACL.replace('~zban:*', '~zban:{shop}:*').split(' '));
    assert.match((await fleet('bans'))[0]?.message ?? '', /may not do what it must: .*key/);
    // Any one of them missing is found, by its name, and leaves nothing behind that would hide the next.
    const rights = ACL.split(' ');
    for (const right of rights.filter((word) => word.startsWith('+') && !/^\+(info|ping)$/.test(word))) {
      redis.cli('ACL', 'SETUSER', 'less', 'reset', 'on', '>secret', ...rights.filter((word) => word !== right));
      const [finding] = await fleet('less');
      assert.match(
        finding?.message ?? '',
        new RegExp(`may not do what it must: .*\\b${right.slice(1)}\\b`, 'i'),
        right,
      );
    }
    redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    redis.cli('CONFIG', 'SET', 'maxmemory', '50mb');
    // On a busy machine the other hosts have fallen silent meanwhile, which is a finding of its own.
    const warned = (await fleet('zban')).map(({ message }) => message).join('\n');
    assert.match(warned, /maxmemory-policy allkeys-lru/);
    assert.match(warned, /maxmemory 50 MiB, room for about 104,000 bans/);
    assert.doesNotMatch(redis.cli('KEYS', '*'), /doctor/);
    redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    redis.cli('CONFIG', 'SET', 'maxmemory', '1mb');
    const full = (await fleet('zban')).map(({ message }) => message).join('\n');
    assert.match(full, /^its server is full \(maxmemory 1 MiB\)/m);
    redis.cli('CONFIG', 'SET', 'maxmemory', '0');
    redis.cli('REPLICAOF', '127.0.0.1', '1');
    const [replica] = await fleet('zban');
    assert.match(replica?.message ?? '', /^its server is a replica, which takes no writes$/);
    redis.cli('REPLICAOF', 'NO', 'ONE');
  });
});

test('an answer of more than 32 MiB ends the connection that asked for it, and no other', {
  skip: redisSkip(),
}, async (t) => {
  const redis = await start(t);
  const [one, other] = [await connect(t, [redis.url]), await connect(t, [redis.url])];
  const put = `redis.call('SET', KEYS[1], string.rep('x', tonumber(ARGV[1])))`;
  await one.command(keys.epoch, ['EVAL', put, '1', keys.epoch, '34000000'], 60_000);
  await assert.rejects(other.command(keys.epoch, ['GET', keys.epoch], 60_000), /an answer of more than 32 MiB/);
  assert.equal(await one.command(keys.epoch, ['STRLEN', keys.epoch], 60_000), 34_000_000);
});

test('TLS, a user, and its password in a file; the certificate is checked', { skip: redisSkip() }, async (t) => {
  const folder = (await start(t)).folder;
  const file = (name: string) => join(folder, name);
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...[
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      file('key'),
      '-out',
      file('cert'),
    ],
  ]);
  if (made.error) return t.skip('needs openssl');
  const tls = [
    '--port',
    '0',
    '--tls-auth-clients',
    'no',
    '--tls-cert-file',
    file('cert'),
    '--tls-key-file',
    file('key'),
  ];
  const redis = await start(t, '--tls-port', '0', ...tls.slice(2));
  const port = String(await freePort());
  redis.cli('CONFIG', 'SET', 'tls-port', port);
  redis.cli('ACL', 'SETUSER', 'zban', 'on', '>secret', ...ACL.split(' '));
  redis.cli('ACL', 'SETUSER', 'default', 'resetpass', '>other');
  writeFileSync(file('password'), 'secret\n');
  const url = `rediss://zban@127.0.0.1:${port}`;
  const passwordFile = file('password');
  const server = await connect(t, [url], { caFile: file('cert'), passwordFile });
  await publish(server, order({}));
  assert.deepEqual((await readOrders(server)).length, 1);
  await assert.rejects(connect(t, [url], { passwordFile }), /self-signed|certificate/);
  const [unknown] = await checkFleet(configSchema.parse({ fleet: { url, password_file: passwordFile } }));
  assert.match(unknown?.fix ?? '', /^fleet\.ca_file/);
  await assert.rejects(connect(t, [url], { caFile: file('cert') }), /WRONGPASS|NOAUTH/);
});
