/** A server in which others write, that is full, or whose hosts are named alike: no host breaks, and each says what is wrong. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { Fleet } from '../../src/daemon/fleet/fleet.ts';
import { readSaved, STATE_KEY } from '../../src/daemon/fleet/fleet-state.ts';
import type { Panic } from '../../src/daemon/orders/panic.ts';
import { OutgoingCounts } from '../../src/fleet/counts.ts';
import { formatOrder } from '../../src/fleet/entry.ts';
import { shardOf } from '../../src/fleet/keys.ts';
import { makeBans } from '../daemon/fixtures.ts';
import { until } from '../support/daemon.ts';
import { type RedisServer, redisSkip } from '../support/redis.ts';
import { connect, counts, joinLink, keys, order, publish, readOrders, start, T0 } from './servers.ts';

interface JoinOptions {
  readonly panic?: Panic;
  readonly mode?: 'enforce' | 'observe';
  /** Of an earlier run. */
  readonly database?: ReturnType<typeof makeBans>;
}

/** A host of the fleet, with what is wrong according to it. */
function joinFleet(
  t: TestContext,
  redis: RedisServer,
  host: string,
  { panic, mode = 'enforce', database }: JoinOptions = {},
) {
  let isOver = false;
  const stop = async () => {
    if (!isOver) await fleet.stop();
    isOver = true;
  };
  // What it saves at the end needs the database, which is closed after it.
  t.after(stop);
  const { trail, bans } = database ?? makeBans(t, true, undefined, Date.now);
  const troubles = new Map<string, string>();
  const said: string[] = [];
  const config = configSchema.parse({ mode, fleet: { url: redis.url, name: 'shop', host } });
  const fleet = new Fleet({
    ...{ config, fleet: config.fleet as NonNullable<typeof config.fleet>, trail, bans },
    protection: { find: () => undefined },
    pipeline: {
      send: async ({ kind }) => ({ second: 0, events: [], consumed: [], ...(kind === 'admit' && { admitted: [] }) }),
    },
    now: Date.now,
    reconcile: async () => {},
    allow: async () => {},
    panic: async () => ({ ok: true, message: '', lifted: 0 }),
    findPanic: () => panic,
    troubles: {
      begin(key, what) {
        troubles.set(key, what);
        said.push(what);
      },
      looked: (key, what) => void (what === undefined ? troubles.delete(key) : troubles.set(key, what)),
    },
  });
  fleet.start();
  return { fleet, trail, troubles, said, stop };
}

test('a server that others share', { skip: redisSkip() }, async (t) => {
  const redis = await start(t);
  const server = await connect(t, [redis.url]);

  await t.test('two hosts of one name: both report it, and no longer once one of them has left', async (t) => {
    const [one, two] = [joinFleet(t, redis, 'web-1'), joinFleet(t, redis, 'web-1')];
    const said = 'another host of the fleet calls itself web-1, too';
    await until('both say so', () => [one, two].every(({ troubles }) => troubles.get('fleet host') === said));
    await two.fleet.stop();
    await until('it is over', () => !one.troubles.has('fleet host'));
  });

  await t.test(
    'thousands of host names that nobody has are not remembered, and real entries among them count',
    async (t) => {
      const { fleet, trail } = joinFleet(t, redis, 'web-1');
      await until('it is there', () => fleet.status().state === 'connected');
      const text = (n: number) => formatOrder(order({ host: `stranger-${n}`, target: `192.0.2.${n % 200}` }));
      const fill = `for i = 1, 3000 do redis.call('XADD', KEYS[1], '*', 'e', (string.gsub(ARGV[1], 'stranger%-0', 'stranger-' .. i))) end`;
      await server.command(keys.bans, ['EVAL', fill, '1', keys.bans, text(0)]);
      // Far larger than any entry of a host, and values of every wrong type.
      for (const entry of ['x'.repeat(1_000_000), `[${'['.repeat(100_000)}`, '{"v":1,"kind":{}}', 'null', '\0'])
        await server.command(keys.bans, ['XADD', keys.bans, '*', 'e', entry]);
      await server.command(keys.bans, ['XADD', keys.bans, '*', 'other', 'field', 'more', 'of them']);
      await server.command(keys.watch, ['XADD', keys.watch, '*', 'w', '[["203.0.113.1",-1],[7],"x",{}]']);
      await publish(server, order({ host: 'web-2', target: '203.0.113.7' }));
      await until('the last one is heard', () => trail.findActiveBan('203.0.113.7', Date.now()) !== undefined);
      assert.equal(trail.activeBans(Date.now()).length, 2);
      assert.equal(fleet.status().unknown_entries, 6);
      await fleet.stop();
      const saved = readSaved(trail.loadState(STATE_KEY));
      assert.equal(saved?.hosts.length, 1000);
      assert.ok(saved?.hosts.includes('web-2'));
    },
  );

  await t.test(
    'nothing huge is read into memory: values are empty then, and an entry that comes live is passed over',
    async (t) => {
      redis.cli('FLUSHALL');
      const { fleet, trail, said } = joinFleet(t, redis, 'web-1');
      await until('it is there', () => fleet.status().state === 'connected');
      const put = (...words: string[]) => server.command(words[1] ?? '', words, 30_000);
      const [huge, long] = ['x'.repeat(34_000_000), 'x'.repeat(200_000)];
      // Put there while it waits for news: what is there before that, as after a connection that a busy machine broke, a script empties.
      // A host that is given little of a core may end the connection by its own deadline first, and must read on all the same.
      said.length = 0;
      let times = 0;
      await until('it has left the connection over which that comes', async () => {
        if (times > 0 && said.some((what) => /server (is|was) away/.test(what))) return true;
        const waits = /^blocked_clients:1\b/m.test(redis.cli('INFO', 'clients'));
        if (waits) {
          await put('XADD', keys.bans, '*', 'e', huge);
          times++;
        }
        return false;
      });
      await publish(server, order({ host: 'web-2', target: '203.0.113.7' }));
      await until('it reads on', () => trail.findActiveBan('203.0.113.7', Date.now()) !== undefined);
      await put('SET', keys.epoch, long);
      await put('HSET', keys.hosts, 'web-1', long, 'web-7', `${Date.now()} ${long}`);
      await put('HSET', keys.details, '203.0.113.8', long);
      await put('SET', keys.panic, long);
      // The next host reads all that is in force.
      const { fleet: next, trail: read, troubles: none } = joinFleet(t, redis, 'web-2');
      await until('it is there', () => next.status().state === 'connected');
      await until('it knows the ban', () => read.findActiveBan('203.0.113.7', Date.now()) !== undefined);
      await until('the large host is gone', () => redis.cli('HEXISTS', keys.hosts, 'web-7') === '0');
      assert.equal(redis.cli('STRLEN', keys.epoch), '16');
      const { hosts } = await next.report();
      assert.ok(
        hosts.every(({ host }) => /^web-[12]$/.test(host)),
        JSON.stringify(hosts),
      );
      assert.equal(none.get('fleet'), undefined);
      assert.ok(fleet.status().bytes_total + next.status().bytes_total < 100_000);
      redis.cli('DEL', keys.bans);
      await put('XADD', keys.bans, '*', 'e', long);
      await put('HSET', keys.details, '', long);
      const begin = () => redis.cli('XRANGE', keys.bans, '-', '+', 'COUNT', '1');
      await until('the stream begins anew', () => begin().length < 100 && redis.cli('HGET', keys.details, '') === '');
      await until('the ban is said again', () => redis.cli('HGET', keys.details, '203.0.113.7') !== '');
    },
  );

  await t.test('a host that enforces after observe mode reads what it had only noted', async (t) => {
    redis.cli('FLUSHALL');
    const database = makeBans(t, true, undefined, Date.now);
    const ban = () => database.trail.findActiveBan('203.0.113.7', Date.now());
    const { fleet, stop } = joinFleet(t, redis, 'web-1', { database, mode: 'observe' });
    await until('it is there', () => fleet.status().state === 'connected');
    await publish(server, order({ host: 'web-2', target: '203.0.113.7' }));
    await until('it is noted', () => ban()?.enforced === false);
    await stop();
    const next = joinFleet(t, redis, 'web-1', { database });
    await until('it is enforced', () => ban()?.enforced === true);
    await next.stop();
  });

  await t.test('keys of another type give way, and what they held is said again', async (t) => {
    redis.cli('FLUSHALL');
    const { fleet, trail } = joinFleet(t, redis, 'web-1');
    await until('it is there', () => fleet.status().state === 'connected');
    await publish(server, order({ host: 'web-2', target: '203.0.113.7', untilMs: null }));
    await until('it is heard', () => trail.findActiveBan('203.0.113.7', Date.now()) !== undefined);
    const { bans: stream, active, details, lifted, releases, allowed, panic, watch, epoch, hosts } = keys;
    for (const key of [stream, active, details, lifted, releases, allowed, watch, hosts]) redis.cli('SET', key, 'x');
    for (const key of [panic, epoch]) {
      redis.cli('DEL', key);
      redis.cli('HSET', key, 'x', 'x');
    }
    const isBack = () => redis.cli('HGET', details, '203.0.113.7').includes('web-2');
    await until('it is said again', isBack);
    // As an eviction does, where the memory is full.
    for (const [key, ...with_] of [[active], [details], [lifted, allowed], [stream]] as [string, ...string[]][]) {
      const before = redis.cli('GET', epoch);
      redis.cli('DEL', key, ...with_);
      await until(`${key} is missed`, () => redis.cli('GET', epoch) !== before);
      await until('the ban is said again', () => isBack() && redis.cli('ZSCORE', active, '203.0.113.7') === 'inf');
    }
    const after = redis.cli('GET', epoch);
    const shard = shardOf('203.0.113.9');
    redis.cli('SET', keys.batches(shard), 'x');
    redis.cli('SET', keys.counts(shard, '203.0.113.9'), 'x');
    const outgoing = new OutgoingCounts({ host: 'web-2', keys, run: 'r', bans: true, now: Date.now });
    assert.equal((await outgoing.send(server, [counts('203.0.113.9', 7)])).watched.length, 1);
    assert.equal(redis.cli('GET', epoch), after, 'once all is whole, it stays');
  });

  await t.test('a server emptied in a panic is told of it, as the person decided it', async (t) => {
    redis.cli('FLUSHALL');
    const panic = { since: new Date(T0).toISOString(), by: 'anna@web-2', reason: 'locked out' };
    const { fleet, trail } = joinFleet(t, redis, 'web-1', { panic });
    await until('it is there', () => fleet.status().state === 'connected');
    await publish(server, order({ host: 'web-2', atMs: T0 + 1000, untilMs: null }));
    await until('it knows the other host', () => trail.findActiveBan('192.0.2.1', Date.now()) !== undefined);
    redis.cli('FLUSHALL');
    await until('it is said', () => redis.cli('GET', keys.panic).includes('"kind":"panic"'));
    const [said] = (await readOrders(server)).filter(({ kind }) => kind === 'panic');
    assert.deepEqual([said?.actor, said?.host, said?.reason], ['operator:anna', 'web-2', 'locked out']);
    assert.equal(said?.atMs && said.atMs <= Date.now(), true);
  });

  await t.test('a host so slow that the stream drops what it has not read reads what is in force', async (t) => {
    redis.cli('FLUSHALL');
    const gate = Promise.withResolvers<void>();
    const targets = new Set<string>();
    const link = joinLink(
      t,
      { urls: [redis.url] },
      {
        onOrders: async (orders) => {
          for (const { target } of orders) targets.add(target);
          if (orders.length > 0) await gate.promise;
        },
        readAheadMax: 1,
      },
    );
    await until('it is there', () => link.isUp);
    await publish(server, order({ target: '203.0.113.7' }));
    await until('it is busy', () => targets.size === 1);
    const many = Array.from({ length: 4500 }, (_, n) => order({ target: `10.7.${n >> 8}.${n & 255}` }));
    for (let at = 0; at < many.length; at += 500) await publish(server, ...many.slice(at, at + 500));
    redis.cli('XTRIM', keys.bans, 'MAXLEN', '2100');
    gate.resolve();
    await until('it has all of them', () => targets.size === 1 + many.length);
  });

  await t.test('a server that is full is away, in its own words, and back once it has room', async (t) => {
    const { fleet, troubles } = joinFleet(t, redis, 'web-1');
    await until('it is there', () => fleet.status().state === 'connected');
    redis.cli('CONFIG', 'SET', 'maxmemory', '1');
    await until('it says why', () => /server is away.*OOM/.test(troubles.get('fleet') ?? ''));
    redis.cli('CONFIG', 'SET', 'maxmemory', '0');
    await until('it is back', () => !troubles.has('fleet') && fleet.status().state === 'connected');
  });

  await t.test('a decision by a clock that is years ahead overrules nothing that comes later', async () => {
    redis.cli('FLUSHALL');
    const years = 1e12;
    await publish(server, order({ kind: 'unban', actor: 'operator:anna', atMs: T0 + years }));
    await publish(server, order({ kind: 'panic', actor: 'operator:anna', target: '', atMs: T0 + years }));
    // The server's clock ticks in milliseconds: the first try may fall into the same one.
    await until('the panic ends and a later ban counts', async () => {
      await publish(
        server,
        order({ kind: 'panic_end', actor: 'operator:anna', target: '', atMs: Date.now() }),
        order({ atMs: Date.now(), untilMs: null }),
      );
      return (
        /"panic_end"/.test(redis.cli('GET', keys.panic)) && redis.cli('ZSCORE', keys.active, '192.0.2.1') === 'inf'
      );
    });
    const orders = await readOrders(server);
    assert.ok(orders.every(({ atMs }) => atMs <= Date.now() + 1000));
    assert.equal(orders.find(({ kind }) => kind === 'ban')?.untilMs, null);
  });

  await t.test('a host that was away while a panic came and went lifts what was banned before', async () => {
    redis.cli('FLUSHALL');
    const personal = { actor: 'operator:anna', host: 'web-2' } as const;
    await publish(server, order({ target: '192.0.2.1' }));
    await publish(server, order({ kind: 'panic', target: '', ...personal, atMs: T0 + 1000 }));
    await publish(server, order({ kind: 'panic_end', target: '', ...personal, atMs: T0 + 2000 }));
    await publish(server, order({ target: '192.0.2.2', atMs: T0 + 3000 }));
    redis.cli('DEL', keys.bans);
    const orders = await readOrders(server);
    assert.deepEqual(
      orders.map(({ kind, target, atMs }) => [kind, target, atMs - T0]),
      [
        ['unban', '0.0.0.0/0', 1000],
        ['unban', '::/0', 1000],
        ['ban', '192.0.2.2', 3000],
        ['panic_end', '', 2000],
      ],
    );
  });
});
