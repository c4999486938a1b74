/** One suite for every backend that changes a kernel, each in a network of its own with real packets. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { type EnforcementBackend, EnforcementError, type Operation } from '../../src/enforce/backend.ts';
import { flushFirewall, liftEverywhere } from '../../src/enforce/pick.ts';
import { Reconciler } from '../../src/enforce/reconciler.ts';
import { add, remove } from './operations.ts';
import {
  createWorld,
  desiredBans,
  eventually,
  listed,
  PORTS,
  SUBJECTS,
  subjectName,
  subjectSkip,
  type World,
} from './world.ts';

const CLIENT = '192.0.2.2';
const CLIENT_NETWORK_V6 = '2001:db8:1::/64';

for (const subject of SUBJECTS) {
  describe(subjectName(subject), { skip: subjectSkip(subject) }, () => {
    let world: World;
    let foreignBefore: string[];
    const server = (family: 4 | 6 = 4) => world.network.address('server', 'client', family);
    const container = (family: 4 | 6 = 4) => world.network.address('container', undefined, family);
    const apply = (...operations: Operation[]) => world.backend.apply(operations, Date.now());
    const confirm = (...operations: Operation[]) => world.backend.confirm(operations, Date.now());
    const targets = async () => (await listed(world.backend)).map((ban) => ban.target).sort();

    before(async () => {
      world = await createWorld(subject);
      world.iptables(4, '-N', 'DOCKER-USER');
      world.iptables(4, '-A', 'DOCKER-USER', '-j', 'RETURN');
      world.iptables(4, '-A', 'FORWARD', '-j', 'DOCKER-USER');
      world.iptables(
        4,
        '-A',
        'INPUT',
        '-s',
        '203.0.113.77/32',
        '-m',
        'comment',
        '--comment',
        'somebody else',
        '-j',
        'DROP',
      );
      world.iptables(6, '-N', 'OTHER');
      world.iptables(6, '-A', 'INPUT', '-p', 'tcp', '-j', 'OTHER');
      world.network.run('server', ['ipset', 'restore'], { input: 'create other hash:ip\nadd other 203.0.113.78\n' });
      foreignBefore = world.foreign();
    });
    after(() => world?.network.close());
    afterEach(() => flushFirewall(world.firewall));

    test('set-up stands before the rules of others, and a second one finds nothing to do', async () => {
      assert.ok((await world.backend.setUp()).length > 0);
      assert.deepEqual(await world.backend.setUp(), []);
      world.assertFirst();
      assert.deepEqual(await listed(world.backend), []);
    });

    test('a ban drops the packets of its client to the host and through it, and lifting it lets them pass', async () => {
      await world.backend.setUp();
      assert.ok(world.reaches(server()) && world.reaches(container()));
      await apply(add(CLIENT));
      assert.ok((await confirm(add(CLIENT))) && !(await confirm(add('192.0.2.3'))) && !(await confirm(remove(CLIENT))));
      assert.ok(world.isDropped(server()) && world.isDropped(container()));
      await apply(remove(CLIENT));
      assert.ok((await confirm(remove(CLIENT), remove('192.0.2.3'))) && !(await confirm(add(CLIENT))));
      assert.ok(world.reaches(server()) && world.reaches(container()));
    });

    test('a command beside a stopped daemon lifts what it left, whatever backend the configuration names since', async () => {
      const { settings } = world.firewall;
      const since = { ...settings, backend: settings.backend === 'nftables' ? 'ipset' : 'nftables' } as const;
      await world.backend.setUp();
      await apply(add(CLIENT), add('192.0.2.3'), add('192.0.2.5'), add(CLIENT_NETWORK_V6));
      await liftEverywhere(world.firewall, [CLIENT, '192.0.2.4', '2001:db8:9::/64']);
      assert.deepEqual(await targets(), ['192.0.2.3', '192.0.2.5', CLIENT_NETWORK_V6]);
      assert.ok(world.reaches(server()));
      await liftEverywhere({ ...world.firewall, settings: since }, ['192.0.2.5', '2001:db8:9::/64']);
      assert.deepEqual(await targets(), ['192.0.2.3', CLIENT_NETWORK_V6]);
      await flushFirewall(world.firewall);
      await liftEverywhere(world.firewall, ['192.0.2.3', CLIENT_NETWORK_V6]);
      assert.deepEqual(world.foreign(), foreignBefore);
      assert.ok(!world.everything().toLowerCase().includes('zban'), 'a firewall that was flushed stays empty');
    });

    test('what others destroy while a repair is under way is repaired in the same reconcile, without a word', async () => {
      let destroyed = 0;
      const backend: EnforcementBackend = Object.create(world.backend, {
        apply: {
          value: async (...args: Parameters<EnforcementBackend['apply']>) => {
            if (destroyed++ === 0) await flushFirewall(world.firewall);
            await world.backend.apply(...args);
          },
        },
      });
      const bans = new Map([[CLIENT, { target: CLIENT, untilMs: null }]]);
      const { leaveOthers } = world;
      const options = { backend, leaveOthers, desired: desiredBans(bans), now: Date.now, log: () => {} };
      const { result, trouble } = await new Reconciler(options).runFull();
      assert.deepEqual([result, trouble], [{ confirmed: [CLIENT], released: [], failed: [] }, undefined]);
      assert.ok(world.isDropped(server()));
    });

    test('the same for an IPv6 network', async () => {
      await world.backend.setUp();
      assert.ok(world.reaches(server(6)) && world.reaches(container(6)));
      await apply(add(CLIENT_NETWORK_V6));
      assert.ok((await confirm(add(CLIENT_NETWORK_V6), remove(CLIENT))) && !(await confirm(add('2001:db8:9::/64'))));
      assert.ok(world.isDropped(server(6)) && world.isDropped(container(6)));
      assert.ok(world.reaches(server()), 'IPv4 is not concerned');
      await apply(remove(CLIENT_NETWORK_V6));
      assert.ok(world.reaches(server(6)));
    });

    test('a banned prefix covers its addresses and no others', async () => {
      await world.backend.setUp();
      await apply(add('192.0.2.128/25'));
      assert.ok(world.reaches(server()));
      await apply(add('192.0.2.0/25'), remove('192.0.2.128/25'));
      assert.ok(world.isDropped(server()));
      assert.deepEqual(await targets(), ['192.0.2.0/25']);
    });

    test('a ban inside a banned network is set and lifted by itself', async () => {
      await world.backend.setUp();
      await apply(add('192.0.2.0/24'));
      await apply(add(CLIENT, null), add('192.0.2.0/28'));
      assert.deepEqual(await targets(), ['192.0.2.0/24', '192.0.2.0/28', CLIENT]);
      await apply(remove('192.0.2.0/24'));
      assert.ok(world.isDropped(server()));
      await apply(remove('192.0.2.0/28'), remove(CLIENT), add('192.0.2.128/25'));
      assert.deepEqual(await targets(), ['192.0.2.128/25']);
      assert.ok(world.reaches(server()));
    });

    test('protected ports pass in spite of a ban', async () => {
      await world.backend.setUp();
      await apply(add(CLIENT), add(CLIENT_NETWORK_V6));
      assert.ok(world.isDropped(server()));
      assert.ok(world.reaches(server(), PORTS.ssh) && world.reaches(server(6), PORTS.ssh));
    });

    test('the kernel ends a ban by itself', async () => {
      await world.backend.setUp();
      // Long enough that a busy machine sees it stand.
      await apply(add(CLIENT, 5000), add(CLIENT_NETWORK_V6, 5000));
      assert.ok(world.isDropped(server()));
      assert.ok(await eventually(() => world.reaches(server()) && world.reaches(server(6))));
    });

    test('an end is listed to the second, a new ban changes it, permanent stays permanent', async () => {
      await world.backend.setUp();
      const untilOf = async (target: string) =>
        (await listed(world.backend)).find((ban) => ban.target === target)?.untilMs;
      const near = (untilMs: number | null | undefined, forMs: number) =>
        assert.ok(typeof untilMs === 'number' && Math.abs(untilMs - Date.now() - forMs) < 10_000, `${untilMs}`);
      await apply(add(CLIENT, 100_000), add('2001:db8::1', 100_000));
      near(await untilOf(CLIENT), 100_000);
      await apply(add(CLIENT, 5_000_000), add('2001:db8::1', null));
      near(await untilOf(CLIENT), 5_000_000);
      assert.equal(await untilOf('2001:db8::1'), null);
      await apply(add(CLIENT, null));
      assert.equal(await untilOf(CLIENT), null);
      await apply(add(CLIENT, 50_000));
      near(await untilOf(CLIENT), 50_000);
      assert.deepEqual(await targets(), [CLIENT, '2001:db8::1']);
    });

    test('a ban of a hundred days is held, as long as the backend can', async () => {
      await world.backend.setUp();
      await apply(add(CLIENT, 100 * 86_400_000), add('192.0.2.9', 30 * 365 * 86_400_000));
      for (const { untilMs } of await listed(world.backend)) {
        assert.ok(untilMs !== null && untilMs - Date.now() > 20 * 86_400_000);
      }
      assert.ok(world.isDropped(server()));
    });

    test('removing what is not there and adding what has ended is no error', async () => {
      await world.backend.setUp();
      await apply(remove('192.0.2.7'), remove('2001:db8:7::/64'), add('192.0.2.8', -1));
      await apply();
      assert.deepEqual(await targets(), []);
    });

    test('what cannot be banned is refused in words, and the rest is done', async () => {
      await world.backend.setUp();
      const isRefused = (error: unknown) => error instanceof EnforcementError && error.code === 'kernel_refused';
      await assert.rejects(
        apply(add('0.0.0.0/0'), add(CLIENT)),
        (error) => isRefused(error) && /0\.0\.0\.0\/0/.test(String(error)),
      );
      await assert.rejects(apply(add('::/0'), add('$(reboot)\nflush'), add('192.0.2.6')), isRefused);
      assert.deepEqual(await targets(), [CLIENT, '192.0.2.6']);
    });

    test('ten thousand bans in one go, listed as they were given', async () => {
      await world.backend.setUp();
      const many = Array.from({ length: 5000 }, (_, i) => [
        `198.18.${i >> 8}.${i & 255}`,
        `2001:db8:${(i + 1).toString(16)}::/64`,
      ]).flat();
      await apply(...many.map((target) => add(target)));
      assert.deepEqual(await targets(), [...many].sort());
      const half = many.slice(0, 5000);
      await apply(...half.map(remove));
      assert.deepEqual(await targets(), many.slice(5000).sort());
    });

    test('a flushed, deleted or displaced chain heals', async () => {
      for (const { name, damage, undo } of world.damages) {
        await world.backend.setUp();
        await apply(add(CLIENT), add(CLIENT_NETWORK_V6));
        damage();
        assert.equal(await confirm(add(CLIENT), add(CLIENT_NETWORK_V6)), false, `${name}: confirm sees it`);
        assert.ok((await world.backend.setUp()).length > 0, `${name}: set-up tells it`);
        await apply(add(CLIENT), add(CLIENT_NETWORK_V6));
        assert.ok(world.isDropped(server()) && world.isDropped(server(6)), name);
        assert.deepEqual(await world.backend.setUp(), [], name);
        undo?.();
      }
    });

    test("flush takes out everything of zban's, also rules that others put before its chain, and twice", async () => {
      await world.backend.setUp();
      await apply(add(CLIENT), add(CLIENT_NETWORK_V6));
      if (subject.backend !== 'nftables') world.iptables(4, '-A', 'DOCKER-USER', '-p', 'udp', '-j', 'ZBAN');
      await flushFirewall(world.firewall);
      assert.doesNotMatch(world.everything(), /zban/i);
      await flushFirewall(world.firewall);
      assert.ok(world.reaches(server()));
    });

    test('nothing of other people was touched', () => assert.deepEqual(world.foreign(), foreignBefore));
  });
}
