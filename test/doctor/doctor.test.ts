/** `zban doctor` as an operator calls it: on a healthy daemon, and in a namespace whose firewall somebody has damaged. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { checkFirewall } from '../../src/doctor/firewall.ts';
import type { Status } from '../../src/model/status.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, toolSkip } from '../support/netns.ts';
import { logLine, visitorIp } from '../support/traffic.ts';

function calm(): string {
  const begin = Math.floor(Date.now() / 1000) - 200;
  return Array.from({ length: 200 }, (_, n) => `${logLine(begin + n, visitorIp(n), `/${n}`)}\n`).join('');
}

test('one line a check, the exit code, and the same as JSON', async (t) => {
  const daemon = new TestDaemon({ config: { mode: 'observe' } });
  t.after(() => daemon.close());
  writeFileSync(daemon.log, calm());
  const stopped = daemon.zban('doctor');
  assert.equal(stopped.status, 1);
  // The instance that was asked about, not the service.
  const cure = `zban --config ${daemon.configPath} run`;
  assert.ok(
    stopped.stdout.includes(`fail  daemon: is not running: nobody is judged, nobody new is banned\n      -> ${cure}\n`),
  );
  assert.doesNotMatch(stopped.stdout, /mkdir/);
  await daemon.start();
  const running = daemon.zban('doctor', '--json');
  const found = JSON.parse(running.stdout) as Finding[];
  const checks = new Set(found.map(({ check }) => check.replace(/ .*/, '')));
  for (const check of ['daemon', 'log', 'nginx', 'firewall', 'SSH', 'notifications', 'folder'])
    assert.ok(checks.has(check), check);
  assert.ok(found.some(({ check, message }) => check === 'firewall' && message.includes('room for 1,000,000 bans')));
  assert.ok(
    found.every(({ level, fix }) => (level === 'ok') === (fix === '')),
    'whatever is wrong has its fixing',
  );
  assert.equal(running.status, found.some(({ level }) => level === 'fail') ? 1 : 0);
});

test('a configuration that cannot be used ends with 78', async (t) => {
  const daemon = new TestDaemon({ config: { mode: 'enforced' } });
  t.after(() => daemon.close());
  const { status, stdout } = daemon.zban('doctor');
  assert.equal(status, 78);
  assert.match(stdout, /mode: expected/);
});

for (const backend of ['ipset', 'nftables'] as const) {
  test(`${backend}: rules that do not stand, and other tools that ban`, {
    skip: toolSkip('ipset', 'iptables', 'nft'),
  }, async (t) => {
    const network = createNetwork({ hosts: ['server', 'client'] });
    t.after(() => network.close());
    const daemon = new TestDaemon({
      prefix: network.prefix('server'),
      config: { firewall: { backend, reconcile: '10m' } },
    });
    t.after(() => daemon.close());
    writeFileSync(daemon.log, calm());
    await daemon.start();
    const firewall = () =>
      daemon
        .zban('doctor')
        .stdout.split('\n')
        .filter((line) => line.includes('firewall:'))
        .join('\n');
    const stands =
      backend === 'ipset'
        ? /ok +firewall: ZBAN comes first in INPUT, FORWARD$/m
        : /ok +firewall: table inet zban stands$/m;
    await until('the rules stand', () => stands.test(firewall()));
    if (backend === 'ipset') network.run('server', ['iptables', '-I', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT']);
    else network.run('server', ['nft', 'delete', 'table', 'inet', 'zban']);
    network.run('server', ['iptables', '-N', 'f2b-sshd']);
    assert.match(
      firewall(),
      backend === 'ipset'
        ? /fail +firewall: ZBAN at the top of INPUT is missing/
        : /fail +firewall: table inet zban is missing/,
    );
    assert.match(firewall(), /warn +firewall: fail2ban bans here as well/);
  });
}

test('room for more bans and clients than the service has memory for is a warning', async () => {
  const look = async (clients_max?: number) => {
    const config = configSchema.parse({ firewall: { backend: 'dry-run' }, detection: { clients_max } });
    const [found] = await checkFirewall({ config, status: undefined, ask: async () => undefined });
    return found;
  };
  assert.equal((await look())?.level, 'ok');
  const found = await look(4_000_000);
  assert.equal(found?.level, 'warn');
  assert.match(found.message, /4,000,000 clients \(detection.clients_max\).*more than the service may have/);
  assert.match(found.fix, /^lower bans.max_active or detection.clients_max/);
});

test('rules that stand while zban only observes are told: nobody else would', async () => {
  const config = configSchema.parse({ mode: 'observe', firewall: { backend: 'dry-run' } });
  const status = { mode: 'observe', backend: 'dry-run' } as Status;
  const look = async (printed: Readonly<Record<string, string>>) => {
    const found = await checkFirewall({ config, status, ask: async (...argv) => printed[argv.join(' ')] });
    return found.flatMap(({ level, message }) => (level === 'ok' ? [] : message));
  };
  const chains = '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n';
  assert.deepEqual(await look({}), []);
  assert.deepEqual(await look({ 'iptables -S': chains, 'nft list tables': 'table inet filter\n' }), []);
  const jumps = '-N ZBAN\n-A INPUT -j ZBAN\n-A FORWARD -j ZBAN\n';
  const [ipset, ...others] = await look({ 'iptables -S': chains + jumps, 'nft list tables': '' });
  assert.match(ipset ?? '', /^ZBAN comes first in INPUT, FORWARD though zban only observes/);
  assert.deepEqual(others, []);
  assert.match((await look({ 'nft list tables': 'table inet zban\n' }))[0] ?? '', /^table inet zban stands though/);
});
