/**
 * The daemon is killed before every single firewall command of a ban and of an unban, and after the last. Whatever was recorded is
 * what stands after the next start, the trail is whole, and a client is neither banned nor released by half.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, type Network, toolSkip } from '../support/netns.ts';

const CLIENT = '203.0.113.9';
/** More commands than one ban, with its set-up and its repair, ever takes. */
const COMMANDS_MAX = 12;
const BACKENDS = [
  { backend: 'ipset', tools: ['ipset', 'iptables', 'ip6tables', 'iptables-restore', 'ip6tables-restore'] },
  { backend: 'nftables', tools: ['nft'] },
] as const;

/** Stand-ins that run the real tool, count, and kill their parent at the wanted command, before or after it. */
class Trap {
  readonly path: string;
  private readonly counter: string;
  private readonly wanted: string;

  constructor(tools: readonly string[]) {
    this.path = mkdtempSync(join(tmpdir(), 'zban-trap-'));
    this.counter = join(this.path, 'count');
    this.wanted = join(this.path, 'wanted');
    this.set(0, 'before');
    for (const tool of tools) {
      const script = `#!/bin/sh
echo >> ${this.counter}
read -r number when < ${this.wanted}
[ "$number" -gt 0 ] && [ "$(wc -l < ${this.counter})" -ge "$number" ] || exec /usr/sbin/${tool} "$@"
[ "$when" = before ] && kill -9 $PPID && exit 1
/usr/sbin/${tool} "$@"
kill -9 $PPID
`;
      writeFileSync(join(this.path, tool), script);
      chmodSync(join(this.path, tool), 0o755);
    }
  }

  /** Springs at the command of this number from now on; 0 never. */
  set(number: number, when: When): void {
    writeFileSync(this.counter, '');
    writeFileSync(this.wanted, `${number} ${when}\n`);
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

function stands(network: Network, backend: string): boolean {
  const text =
    backend === 'ipset'
      ? network.run('server', ['ipset', 'list', '-o', 'save'])
      : network.exec('server', ['nft', 'list', 'table', 'inet', 'zban']).stdout;
  return text.includes(CLIENT);
}

const isListed = (daemon: TestDaemon) => daemon.json<{ ip: string }[]>('list').some(({ ip }) => ip === CLIENT);

type Order = 'ban' | 'unban';
type When = 'before' | 'after';

interface Scene {
  readonly backend: string;
  readonly network: Network;
  readonly trap: Trap;
  readonly daemon: TestDaemon;
}

async function makeScene(t: TestContext, backend: string, tools: readonly string[]): Promise<Scene> {
  const network = createNetwork({ hosts: ['server', 'client'] });
  t.after(() => network.close());
  const trap = new Trap(tools);
  t.after(() => trap.remove());
  const daemon = new TestDaemon({
    prefix: network.prefix('server'),
    env: { PATH: `${trap.path}:${process.env['PATH']}` },
    config: { firewall: { backend, reconcile: '10m' } },
  });
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  return { backend, network, trap, daemon };
}

/** Kills the daemon at a command of an order; false when the order went through with fewer. */
async function kill(
  { network, trap, daemon, backend }: Scene,
  order: Order,
  number: number,
  when: When,
): Promise<boolean> {
  const other = order === 'ban' ? 'unban' : 'ban';
  daemon.zban(other, CLIENT);
  await until('a known beginning', () => stands(network, backend) === (other === 'ban'));
  trap.set(number, when);
  const { status } = daemon.zban(order, CLIENT);
  trap.set(0, when);
  if (status === 0) return false;
  await until('the daemon is dead', () => daemon.child?.signalCode === 'SIGKILL');
  // What was recorded is decided; the firewall follows at the next start.
  const recorded = isListed(daemon);
  await daemon.start();
  await until(
    `${order}, ${when} ${number}: the firewall follows the record`,
    () => stands(network, backend) === recorded,
  );
  assert.equal(isListed(daemon), recorded);
  const verified = daemon.zban('audit', 'verify');
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
  return true;
}

for (const { backend, tools } of BACKENDS) {
  test(`${backend}: killed before each command of an order, and after the last`, {
    skip: toolSkip('ipset', 'iptables', 'nft'),
  }, async (t) => {
    const scene = await makeScene(t, backend, tools);
    await scene.daemon.start();
    for (const order of ['ban', 'unban'] as const) {
      await t.test(order, async () => {
        let number = 1;
        // Between two commands nothing is recorded: after one is before the next.
        while (await kill(scene, order, number, 'before')) assert.ok(++number <= COMMANDS_MAX, 'no end');
        assert.ok(number > 1, 'the trap sprang');
        assert.ok(await kill(scene, order, number - 1, 'after'));
      });
    }
  });
}

test('a firewall that hangs: the daemon answers, says what is wrong, and enforces when it is over', {
  skip: toolSkip('ipset', 'iptables'),
}, async (t) => {
  const { network, trap, daemon } = await makeScene(t, 'ipset', []);
  daemon.configure({ firewall: { backend: 'ipset', reconcile: '1s', command_timeout: '500ms' } });
  await daemon.start();
  const hanging = join(trap.path, 'ipset');
  writeFileSync(hanging, '#!/bin/sh\nexec sleep 60\n');
  chmodSync(hanging, 0o755);
  const { status, stderr } = daemon.zban('ban', CLIENT);
  assert.equal(status, 1);
  assert.match(stderr, /did not finish within 0.5 s|has not confirmed it yet; zban keeps trying/);
  await until('the trouble is told', () =>
    daemon.status()?.troubles.some((text) => /not enforced .* did not finish within 0.5 s/.test(text)),
  );
  assert.ok(isListed(daemon), 'the decision stands');
  rmSync(hanging);
  await until('the ban stands', () => stands(network, 'ipset'));
  await until('the trouble is over', () => daemon.status()?.troubles.length === 0);
});
