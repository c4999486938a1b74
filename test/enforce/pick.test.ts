import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flushFirewall, liftEverywhere, type PickOptions, pickBackend } from '../../src/enforce/pick.ts';
import { createFakeTools, EMPTY_TABLE, type FakeTools } from './fake-tools.ts';
import { FIREWALL, listed } from './world.ts';

function setUp(t: { after(work: () => unknown): void }): {
  tools: FakeTools;
  pick: (backend: PickOptions['settings']['backend']) => ReturnType<typeof pickBackend>;
  logged: string[];
  options: PickOptions;
} {
  const tools = createFakeTools();
  t.after(() => tools.remove());
  const logged: string[] = [];
  const options: PickOptions = {
    settings: FIREWALL,
    maxActive: 1000,
    now: () => 0,
    log: (_level, message) => logged.push(message),
    // Only the stand-ins are found, not what the host has in /usr/sbin.
    commandPrefix: ['/usr/bin/env', `PATH=${tools.path}`],
  };
  return { tools, logged, options, pick: (backend) => pickBackend({ ...options, settings: { ...FIREWALL, backend } }) };
}

test('auto takes ipset where both tools work', async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('iptables', EMPTY_TABLE);
  tools.set('ipset', 'exit 0');
  const { backend, reason } = await pick('auto');
  assert.equal(backend.name, 'ipset');
  assert.equal(reason, 'ipset is here and permitted');
});

test('auto takes nftables where ipset or iptables is missing, and says why', async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('nft', 'cat > /dev/null');
  tools.set('iptables', EMPTY_TABLE);
  const { backend, reason } = await pick('auto');
  assert.equal(backend.name, 'nftables');
  assert.match(reason, /^ipset cannot be used \(ipset is not installed.*\), nftables is here/);
  tools.set('ipset', 'exit 0');
  assert.equal((await pick('auto')).backend.name, 'ipset');
  tools.set('iptables', 'echo "table does not exist (do you need to insmod?)" >&2; exit 3');
  assert.equal((await pick('auto')).backend.name, 'nftables');
});

test('nftables asked for by name is not replaced by another', async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('iptables', EMPTY_TABLE);
  await assert.rejects(pick('nftables'), { code: 'missing_tool', message: /apt-get install nftables/ });
  tools.set('nft', 'echo "netlink: Error: cache initialization failed: Operation not permitted" >&2; exit 1');
  await assert.rejects(pick('nftables'), { code: 'no_permission' });
});

test('auto takes iptables where the kernel refuses ipset and nft is missing, and says why', async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('iptables', EMPTY_TABLE);
  tools.set('ipset', 'echo "Cannot open session to kernel." >&2; exit 1');
  const { backend, reason } = await pick('auto');
  assert.equal(backend.name, 'iptables');
  assert.match(reason, /Cannot open session to kernel.*nft is not installed/);
  await assert.rejects(pick('ipset'), { code: 'kernel_refused' }, 'asked for by name there is no falling back');
});

test('without permission there is no backend, and the message says what lacks', async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('iptables', 'echo "iptables: Permission denied (you must be root)" >&2; exit 4');
  tools.set('ipset', 'exit 0');
  for (const backend of ['auto', 'ipset', 'iptables'] as const) {
    await assert.rejects(pick(backend), { code: 'no_permission', message: /CAP_NET_ADMIN/ });
  }
});

test('a tool that prints something else is not trusted', async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('iptables', 'echo "Segmentation fault imminent"; exit 0');
  await assert.rejects(pick('auto'), { code: 'bad_output' });
});

test('dry-run needs no tool', async (t) => {
  const { pick } = setUp(t);
  assert.equal((await pick('dry-run')).backend.name, 'dry-run');
});

test('without iptables there is no backend: the message names what to install', async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('ipset', 'exit 0');
  const failure = { code: 'missing_tool', message: /iptables is not installed: apt-get install iptables ipset/ };
  for (const backend of ['auto', 'ipset', 'iptables'] as const) await assert.rejects(pick(backend), failure);
});

test('without ipset and nft auto takes iptables', async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('iptables', EMPTY_TABLE);
  assert.equal((await pick('auto')).backend.name, 'iptables');
  await assert.rejects(pick('ipset'), { code: 'missing_tool' });
});

test('flushing a host without the tools, or without the kernel for them, is no error', async (t) => {
  const { tools, options } = setUp(t);
  await assert.doesNotReject(flushFirewall(options));
  for (const tool of ['iptables', 'ipset', 'nft']) tools.set(tool, 'echo "Protocol not supported" >&2; exit 1');
  await assert.doesNotReject(flushFirewall(options));
  tools.set('nft', 'echo "Operation not permitted" >&2; exit 1');
  await assert.rejects(flushFirewall(options), { code: 'no_permission' });
});

test('a host without IPv6 works with IPv4 alone, says so once, and refuses IPv6 bans in words', async (t) => {
  const { tools, pick, logged } = setUp(t);
  const table = `${EMPTY_TABLE}; printf '%s\\n' '-N ZBAN'`;
  tools.set('iptables', table);
  tools.set('iptables-restore', 'cat > /dev/null');
  tools.set(
    'ip6tables',
    `echo "ip6tables: can't initialize ip6tables table 'filter': Address family not supported" >&2; exit 3`,
  );
  const { backend } = await pick('iptables');
  for (let round = 0; round < 3; round++) await backend.setUp();
  assert.equal(logged.filter((message) => message.includes('IPv6')).length, 1);
  const ban = (target: string) => ({ target, untilMs: null }) as const;
  await assert.rejects(backend.apply([ban('2001:db8::/64'), ban('192.0.2.1')], 0), {
    code: 'kernel_refused',
    message: /IPv6 cannot be enforced/,
  });
  await assert.doesNotReject(backend.apply([ban('192.0.2.1'), { target: '2001:db8::/64', untilMs: undefined }], 0));
});

test('a held lock is not taken for a host without IPv6', async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('iptables', EMPTY_TABLE);
  tools.set('ip6tables', 'echo "Another app is currently holding the xtables lock." >&2; exit 4');
  const { backend } = await pick('iptables');
  await assert.rejects(backend.setUp(), { code: 'lock_held' });
});

test('a kernel without the time match gets rules without it, said once', async (t) => {
  const { tools, pick, logged } = setUp(t);
  const written = `${tools.path}/written`;
  tools.set('iptables', `${EMPTY_TABLE}; printf '%s\\n' '-N ZBAN'`);
  tools.set(
    'iptables-restore',
    `while read -r line; do case "$line" in *datestop*) echo "Couldn't load match 'time'" >&2; exit 2;; esac; echo "$line" >> ${written}; done`,
  );
  const { backend } = await pick('iptables');
  const operation = { target: '192.0.2.1', untilMs: 5000 };
  await backend.apply([operation], 0);
  await backend.apply([operation], 0);
  assert.equal(logged.filter((message) => message.includes('xt_time')).length, 1);
});

test("listings that are not ipset's are bad output, not an empty set", async (t) => {
  const { tools, pick } = setUp(t);
  tools.set('iptables', EMPTY_TABLE);
  tools.set('ipset', 'echo "<html>"; exit 0');
  const { backend } = await pick('ipset');
  await assert.rejects(listed(backend), { code: 'bad_output' });
  tools.set('ipset', `echo "add zban4 192.0.2.1 timeout soon"`);
  await assert.rejects(listed(backend), { code: 'bad_output' });
});

test('a ban is not said to be lifted where another backend, which may hold it, gives no answer; one that cannot work holds none', async (t) => {
  const { tools, options } = setUp(t);
  tools.set('iptables', EMPTY_TABLE);
  tools.set('ipset', 'cat > /dev/null');
  const lift = () => liftEverywhere(options, ['192.0.2.1']);
  await lift();
  tools.set('nft', 'cat > /dev/null; echo "netlink: Error: Operation not supported" >&2; exit 1');
  await lift();
  tools.set('nft', 'cat > /dev/null; echo "netlink: Error: Resource temporarily unavailable" >&2; exit 1');
  await assert.rejects(lift(), { code: 'lock_held', message: /^nft: / });
});
