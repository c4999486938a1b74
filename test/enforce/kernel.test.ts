/** The enforcer on a real kernel: healing, release in time, and the repairs that only sets need. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { KernelBan } from '../../src/enforce/backend.ts';
import { createEnforcer, type Enforcer } from '../../src/enforce/enforcer.ts';
import type { EnforcementTrouble } from '../../src/enforce/outcome.ts';
import { flushFirewall, type Picked, pickBackend } from '../../src/enforce/pick.ts';
import { toolSkip } from '../support/netns.ts';
import { createWorld, desiredBans, eventually, FIREWALL, listed, type World } from './world.ts';

const CLIENT = '192.0.2.2';

describe('enforcing with ipset', { skip: toolSkip('iptables', 'ip6tables', 'ipset', 'perl') }, () => {
  let world: World;
  let enforcer: Enforcer | undefined;
  const desired = new Map<string, KernelBan>();
  const news: string[] = [];
  const troubles: (EnforcementTrouble | undefined)[] = [];
  const releasedMs = new Map<string, number>();

  const server = () => world.network.address('server', 'client');
  const ipset = (...args: string[]) => world.network.run('server', ['ipset', ...args]);
  const ban = (target: string, forMs: number | null = 600_000) => {
    desired.set(target, { target, untilMs: forMs === null ? null : Date.now() + forMs });
  };
  const start = async (reconcileMs = 600_000, picked: Pick<Picked, 'backend' | 'leaveOthers'> = world) => {
    enforcer = createEnforcer({
      ...picked,
      desired: desiredBans(desired),
      now: Date.now,
      reconcileMs,
      onResult(result) {
        news.push(...result.confirmed.map((target) => `confirmed ${target}`));
        news.push(...result.failed.map(({ target, code }) => `failed ${target} ${code}`));
        for (const target of result.released) releasedMs.set(target, Date.now());
      },
      onTrouble: (trouble) => troubles.push(trouble),
      log: () => {},
    });
    await enforcer.start();
    return enforcer;
  };

  before(async () => {
    world = await createWorld({ backend: 'ipset', variant: '-nft' });
  });
  after(() => world?.network.close());
  afterEach(async () => {
    await enforcer?.stop();
    await flushFirewall(world.firewall);
    for (const list of [news, troubles]) list.length = 0;
    for (const map of [desired, releasedMs]) map.clear();
  });

  test('a new ban drops packets when it is confirmed, and an unban lets them pass', async () => {
    const running = await start();
    assert.ok(world.reaches(server()));
    ban(CLIENT);
    await running.changed();
    assert.deepEqual(news, [`confirmed ${CLIENT}`]);
    assert.ok(world.isDropped(server()));
    desired.clear();
    await running.changed();
    assert.ok(releasedMs.has(CLIENT) && world.reaches(server()));
  });

  test('a ban is released when it is due, not before', async () => {
    const running = await start(300);
    ban(CLIENT, 2300);
    ban('2001:db8:1::/64', 2300);
    const dueMs = desired.get(CLIENT)?.untilMs ?? 0;
    await running.changed();
    assert.ok(await eventually(() => releasedMs.size === 2));
    const lateMs = (releasedMs.get(CLIENT) ?? 0) - dueMs;
    // How late it may be is the machine's: that it came at all was the timer.
    assert.ok(lateMs >= 0, `${lateMs} ms`);
    assert.deepEqual(await listed(world.backend), []);
    assert.ok(world.reaches(server()));
  });

  test('stopping keeps the bans, and a new start takes them over without a gap', async () => {
    await start();
    ban(CLIENT);
    await enforcer?.changed();
    await enforcer?.stop();
    assert.ok(world.isDropped(server()));
    news.length = 0;
    await start();
    assert.deepEqual(news, [`confirmed ${CLIENT}`]);
    assert.equal((await listed(world.backend)).length, 1);
  });

  test('a change of the backend leaves nothing of the old one behind', async () => {
    for (const backend of ['ipset', 'nftables', 'iptables', 'nftables', 'ipset'] as const) {
      const picked = await pickBackend({ ...world.firewall, settings: { ...FIREWALL, backend } });
      ban(CLIENT, null);
      await start(600_000, picked);
      const others = { ipset: /table inet zban/, iptables: /table inet zban|zban4/, nftables: /-N ZBAN|zban4/ }[
        backend
      ];
      assert.doesNotMatch(world.everything(), others, backend);
      assert.match(world.everything(), /zban/i);
      desired.clear();
      await enforcer?.changed();
      assert.ok(world.reaches(server()), backend);
      await enforcer?.stop();
    }
  });

  test('whatever others destroy is repaired by the timer alone', async () => {
    ban(CLIENT);
    await start(300);
    world.iptables(4, '-F');
    world.iptables(4, '-X');
    assert.ok(await eventually(() => world.standsAndDrops(server())), 'after iptables -F and -X');
    ipset('flush');
    assert.ok(await eventually(() => world.standsAndDrops(server())), 'after ipset flush');
    world.iptables(4, '-F');
    ipset('destroy', 'zban4');
    assert.ok(await eventually(() => world.standsAndDrops(server())), 'after ipset destroy');
    assert.deepEqual(news, [`confirmed ${CLIENT}`]);
  });

  test('a change in a damaged firewall is not confirmed before the damage is repaired', async () => {
    const running = await start();
    world.iptables(4, '-D', 'INPUT', '-j', 'ZBAN');
    ban(CLIENT);
    await running.changed();
    assert.deepEqual(news, [`confirmed ${CLIENT}`]);
    assert.ok(world.isDropped(server()));
    world.iptables(4, '-F');
    ipset('destroy', 'zban4');
    ban('192.0.2.9');
    await running.changed();
    assert.equal(news.at(-1), 'confirmed 192.0.2.9');
    assert.ok(world.isDropped(server()));
  });

  test('a set of another type, too small, or of the other family is replaced, and fitting bans survive', async () => {
    const spoilt = [
      'create zban4 hash:ip timeout 0',
      'create zban4 hash:net family inet maxelem 10 timeout 0\nadd zban4 192.0.2.2 timeout 0',
      'create zban4 hash:net family inet6 maxelem 1048576 timeout 0',
      'create zban4 hash:net family inet maxelem 1048576',
      'create zban4 bitmap:port range 0-100',
      'create zban4-new hash:ip\ncreate zban4 hash:net family inet maxelem 10 timeout 0\nadd zban4 192.0.2.2 timeout 0',
    ];
    for (const lines of spoilt) {
      world.network.run('server', ['ipset', 'restore'], { input: `${lines}\n` });
      const found = await world.backend.setUp();
      assert.match(found.join(), /set zban4 was of another kind or too small/, lines);
      assert.deepEqual(await world.backend.setUp(), [], lines);
      const standing = (await listed(world.backend)).map(({ target }) => target);
      assert.deepEqual(standing, lines.includes('192.0.2.2') ? [CLIENT] : [], lines);
      assert.doesNotMatch(ipset('list', '-n'), /-new/, lines);
      await flushFirewall(world.firewall);
    }
  });

  test('a set in use that is of another type is replaced under the rule that matches it', async () => {
    await world.backend.setUp();
    world.iptables(4, '-F', 'ZBAN');
    ipset('destroy', 'zban4');
    ipset('create', 'zban4', 'hash:ip');
    world.iptables(4, '-A', 'ZBAN', '-m', 'set', '--match-set', 'zban4', 'src', '-j', 'DROP');
    ban(CLIENT);
    await start();
    assert.deepEqual(news, [`confirmed ${CLIENT}`]);
    assert.ok(world.isDropped(server()));
  });

  test('an exception somebody put into the set does not count as a ban', async () => {
    const running = await start();
    ipset('add', 'zban4', CLIENT, 'nomatch');
    ban(CLIENT);
    await running.reconcile();
    assert.deepEqual(news, [`confirmed ${CLIENT}`]);
    assert.ok(world.isDropped(server()));
  });

  test('a ban that lies inside a banned network is set and lifted without touching the network', async () => {
    const running = await start();
    ban('192.0.2.0/24');
    await running.changed();
    ban(CLIENT);
    await running.changed();
    desired.delete(CLIENT);
    await running.changed();
    assert.ok(releasedMs.has(CLIENT), 'released, although the network still covers it');
    assert.deepEqual(
      (await listed(world.backend)).map(({ target }) => target),
      ['192.0.2.0/24'],
    );
    assert.deepEqual(troubles, []);
  });

  test('thousands of bans that are due at once leave in batches', async () => {
    await start(300);
    const banAll = (forMs: number) => {
      for (let i = 0; i < 5000; i++) ban(`198.18.${i >> 8}.${i & 255}`, forMs);
    };
    // What is over before a slow machine has set it is never released: all of it stands before any of it is due.
    banAll(600_000);
    await enforcer?.changed();
    banAll(1000);
    await enforcer?.changed();
    assert.ok(await eventually(() => releasedMs.size === 5000));
    assert.deepEqual(await listed(world.backend), []);
    assert.deepEqual(troubles, []);
  });
});
