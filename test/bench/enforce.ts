/**
 * `node test/bench/enforce.ts [--million]`: what the kernel and zban's way to it take, for each backend in a network namespace
 * of its own. Needs root; touches no firewall of the host. `--million` adds a million bans.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../../src/config/schema.ts';
import { createEnforcer } from '../../src/enforce/enforcer.ts';
import { pickBackend } from '../../src/enforce/pick.ts';
import type { KernelBan } from '../../src/model/reconcile.ts';

const SINGLES = 100;
const BURST = 10_000;
const BACKENDS = ['ipset', 'nftables', 'iptables'] as const;
type Backend = (typeof BACKENDS)[number];

function address(index: number): string {
  return `10.${(index >>> 16) & 255}.${(index >>> 8) & 255}.${index & 255}`;
}

async function measure(name: Backend, standing: number): Promise<void> {
  const desired = new Map<string, KernelBan>();
  let changes: string[] = [];
  const ban = (target: string) => {
    desired.set(target, { target, untilMs: Date.now() + 86_400_000 });
    changes.push(target);
  };
  const picked = await pickBackend({
    settings: { ...configSchema.parse({}).firewall, backend: name, command_timeout: 60_000 },
    maxActive: 2_000_000,
    now: Date.now,
    log: () => {},
  });
  const enforcer = createEnforcer({
    ...picked,
    reconcileMs: 3_600_000,
    now: Date.now,
    log: () => {},
    onResult: () => {},
    onTrouble: (trouble) => trouble && console.log(`${name}: ${trouble.message}`),
    desired: {
      all: () => desired.values(),
      find: (target) => desired.get(target)?.untilMs,
      takeChanges: () => changes.splice(0),
    },
  });
  for (let index = 0; index < standing; index++) ban(address(index));
  changes = [];
  const say = (what: string, text: string) => console.log(`${name.padEnd(9)} ${what.padEnd(44)} ${text}`);
  const timed = async (work: () => Promise<void>) => {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - start, cpuMs: (user + system) / 1000 };
  };
  const both = ({ ms, cpuMs }: { ms: number; cpuMs: number }) =>
    `${Math.round(ms)} ms, of the daemon's processor time ${Math.round(cpuMs)} ms`;
  say(`${standing} bans restored and confirmed`, both(await timed(enforcer.start)));
  say(`${standing} bans compared with the kernel`, both(await timed(enforcer.reconcile)));
  const singles: number[] = [];
  for (let index = 0; index < SINGLES; index++) {
    ban(`192.0.2.${index}`);
    singles.push((await timed(enforcer.changed)).ms);
  }
  singles.sort((a, b) => a - b);
  const at = (share: number) => Math.round(singles[Math.floor(SINGLES * share)] ?? 0);
  say('one ban more, set and confirmed', `median ${at(0.5)} ms, 99 % ${at(0.99)} ms`);
  for (let index = 0; index < BURST; index++) ban(`198.18.${index >>> 8}.${index & 255}`);
  say(`${BURST} bans more, set and confirmed`, both(await timed(enforcer.changed)));
  say('', `${Math.round(process.memoryUsage.rss() / 1_048_576)} MiB resident`);
  await enforcer.stop();
}

const [name, standing] = process.argv.slice(2);
const known = BACKENDS.find((backend) => backend === name);
if (known) await measure(known, Number(standing));
else {
  const counts = process.argv.includes('--million') ? [100_000, 1_000_000] : [100_000];
  for (const backend of BACKENDS) {
    // One rule a ban is not made for more.
    for (const count of backend === 'iptables' ? [1000] : counts) {
      const script = fileURLToPath(import.meta.url);
      const argv = ['-n', process.execPath, '--max-semi-space-size=4', script, backend, String(count)];
      const { status } = spawnSync('unshare', argv, { stdio: 'inherit' });
      if (status !== 0) throw new Error(`${backend} ended with ${status}`);
    }
  }
}
