/** Bans where clients and servers live: IPv6 networks, containers behind the host, and beside other people's rules. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/daemon.ts';
import type { Network } from '../support/netns.ts';
import { assertReaction, assertUndisturbed, endOnceDropped, sceneSkip, setScene } from './nginx-scene.ts';

const IPTABLES = ['iptables', 'ip6tables'] as const;

/** The client's network is not that of its link, in which the server itself has an address. */
const ROUTED = '2001:db8:a::/64';
const [ONE, OTHER] = ['2001:db8:a::10', '2001:db8:a::20'];

function routeNetwork(network: Network): void {
  for (const address of [ONE, OTHER])
    network.run('client', ['ip', '-6', 'addr', 'add', `${address}/64`, 'dev', 'lo', 'nodad']);
  network.run('server', ['ip', '-6', 'route', 'add', ROUTED, 'via', network.address('client', undefined, 6)]);
}

/** Rules, chains and a set of others: what docker and a careful administrator leave behind. */
function addForeignRules(network: Network): void {
  network.run('server', ['ipset', 'create', 'office', 'hash:ip']);
  network.run('server', ['ipset', 'add', 'office', '198.51.100.77']);
  for (const tool of IPTABLES) {
    network.run('server', [tool, '-N', 'DOCKER-USER']);
    network.run('server', [tool, '-A', 'FORWARD', '-j', 'DOCKER-USER']);
    network.run('server', [tool, '-A', 'DOCKER-USER', '-j', 'RETURN']);
    network.run('server', [tool, '-A', 'INPUT', '-p', 'tcp', '--dport', '3306', '-j', 'DROP']);
  }
  network.run('server', ['iptables', '-A', 'INPUT', '-m', 'set', '--match-set', 'office', 'src', '-j', 'ACCEPT']);
}

/** Everything in the firewall, without counters and dates. */
function firewall(network: Network): string {
  const texts = [...IPTABLES.map((tool) => [`${tool}-save`]), ['ipset', 'save']].map((argv) =>
    network.run('server', argv),
  );
  return texts
    .join('\n')
    .replace(/^#.*$/gm, '')
    .replace(/ \[\d+:\d+\]$/gm, '');
}

function jumps(network: Network, tool: string): string[] {
  return ['INPUT', 'FORWARD', 'DOCKER-USER'].map(
    (hook) => network.run('server', [tool, '-S', hook]).split('\n')[1] ?? '',
  );
}

describe('a ban in the network', { skip: sceneSkip }, () => {
  test('holds for the whole /64 of an IPv6 client, and for nobody beside it', async (t) => {
    const scene = await setScene(t, { backend: 'ipset', prepare: routeNetwork });
    const { daemon, slack, lineTimes } = scene;
    const url = scene.url(6);
    const neighbour = scene.flood('client', { url, rateRps: 1, timeoutMs: 10_000 });
    await neighbour.until('the neighbour is served', ({ answered }) => answered > 0);

    const end = await endOnceDropped(scene, scene.flood('client', { url, bind: [ONE] }));
    assertReaction(t, 'the first line of the flood', lineTimes(ONE)[0], [end]);
    assert.deepEqual(
      daemon.json<{ ip: string; confirmed: boolean }[]>('list').map(({ ip, confirmed }) => [ip, confirmed]),
      [[ROUTED, true]],
    );
    await until('Slack was told', () => slack.find(/ banned 2001:db8:a::\/64/).length === 1);
    const other = await scene.probe({ url, bind: [OTHER], seconds: 0.5 }).ended();
    assert.deepEqual([other.answered, other.timedOut], [0, other.sent], JSON.stringify(other));
    // The same machine by its IPv4 address is another client.
    const ipv4 = await scene.probe({ seconds: 0.5, timeoutMs: 10_000 }).ended();
    assert.equal(ipv4.answered, ipv4.sent, JSON.stringify(ipv4));

    // Any address of the network names the ban.
    const { status, stderr } = daemon.zban('unban', OTHER);
    assert.equal(status, 0, stderr);
    await scene.probe({ url, bind: [OTHER] }).until('the network is served again', ({ answered }) => answered > 0);
    await assertUndisturbed(neighbour);
  });

  test('covers a container behind the host, and leaves the rules of others alone', async (t) => {
    let before = '';
    const scene = await setScene(t, {
      backend: 'ipset',
      nginxHost: 'container',
      prepare: (network) => {
        addForeignRules(network);
        before = firewall(network);
      },
    });
    const { daemon, network, lineTimes } = scene;
    const client = network.address('client');
    const visitor = scene.flood('visitor', { rateRps: 1, timeoutMs: 10_000 });
    await visitor.until('the visitor is served', ({ answered }) => answered > 0);
    for (const tool of IPTABLES)
      assert.deepEqual(
        jumps(network, tool),
        ['INPUT', 'FORWARD', 'DOCKER-USER'].map((hook) => `-A ${hook} -j ZBAN`),
      );

    const end = await endOnceDropped(scene, scene.flood('client'));
    assertReaction(t, 'the first line of the flood', lineTimes(client)[0], [end]);
    assert.deepEqual(
      daemon.json<{ ip: string }[]>('list').map(({ ip }) => ip),
      [client],
    );

    const refused = daemon.zban('firewall', 'flush');
    assert.equal(refused.status, 1, 'the daemon runs');
    assert.equal(await daemon.stop(), 0);
    const banned = await scene.probe({ seconds: 0.5 }).ended();
    assert.deepEqual([banned.answered, banned.timedOut], [0, banned.sent], 'a stop keeps the bans');
    const { status, stderr } = daemon.zban('firewall', 'flush');
    assert.equal(status, 0, stderr);
    assert.equal(firewall(network), before);
    const served = await scene.probe({ seconds: 0.5, timeoutMs: 10_000 }).ended();
    assert.equal(served.answered, served.sent, JSON.stringify(served));

    // The ban is still on record: what is left of it is enforced again.
    await daemon.start();
    const again = await scene.probe({ seconds: 0.5 }).ended();
    assert.deepEqual([again.answered, again.timedOut], [0, again.sent], JSON.stringify(again));
    await assertUndisturbed(visitor);
  });
});
