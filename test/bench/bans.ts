/**
 * `node test/bench/bans.ts [COUNT]`: a daemon with so many bans (a million by default) in ipset: the order from a file, a
 * list's first lines, the end, the next start until the kernel has them all, and the memory that each takes at most.
 * Needs root; the firewall is that of a network namespace of its own.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestDaemon, until } from '../support/daemon.ts';

const INSIDE = '--inside';
const PATIENCE_MS = 1_800_000;

function address(index: number): string {
  return `10.${(index >>> 16) & 255}.${(index >>> 8) & 255}.${index & 255}`;
}

function countKernel(): number {
  const { stdout } = spawnSync('ipset', ['list', '-t'], { encoding: 'utf8' });
  return [...stdout.matchAll(/^Number of entries: (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function measure(count: number): Promise<void> {
  const daemon = new TestDaemon({
    config: { firewall: { backend: 'ipset' } },
    // As scripts/zban and the unit run it.
    program: [fileURLToPath(new URL('../../scripts/zban', import.meta.url))],
  });
  const list = join(daemon.folder, 'list.txt');
  writeFileSync(list, Array.from({ length: count }, (_, index) => `${address(index)}\n`).join(''));
  writeFileSync(daemon.log, '');
  const timed = async (what: string, work: () => unknown) => {
    const started = performance.now();
    await work();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const { pid } = daemon.child ?? {};
    const peakKb = /VmHWM:\s+(\d+) kB/.exec(pid ? readOr(`/proc/${pid}/status`) : '')?.[1];
    const memory = peakKb ? `, at most ${Math.round(Number(peakKb) / 1024)} MiB resident` : '';
    console.log(`${what.padEnd(60)} ${seconds} s${memory}`);
  };
  const isInKernel = () => until('the kernel has them', () => countKernel() === count, PATIENCE_MS);
  try {
    await daemon.start();
    await timed(`${count} bans from a file, until the command ends`, () => order(daemon, list));
    await timed('… and until the kernel has them', isInKernel);
    await timed('zban list --limit 5', () => daemon.zban('list', '--limit', '5'));
    await timed('zban status', () => daemon.status());
    await timed('a ban more, until the command ends', () => daemon.zban('ban', '203.0.113.9', '--for', '1h'));
    await timed('zban unban of it', () => daemon.zban('unban', '203.0.113.9'));
    await timed('the end', () => daemon.stop());
    spawnSync('ipset', ['flush']);
    await timed('the next start, until it answers', () => daemon.start());
    await timed('… and until the kernel, which had none, has them', isInKernel);
    await timed('the end', () => daemon.stop());
  } finally {
    await daemon.close();
  }
}

function order(daemon: TestDaemon, list: string): void {
  const script = fileURLToPath(new URL('../../scripts/zban', import.meta.url));
  const argv = ['ban', '--file', list, '--for', '7d', '--config', daemon.configPath];
  const { status, stderr } = spawnSync(script, argv, { encoding: 'utf8', maxBuffer: 1 << 28, timeout: PATIENCE_MS });
  if (status !== 0) throw new Error(`zban ban ended with ${status}: ${stderr.slice(0, 500)}`);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const count = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 1_000_000);
if (process.argv.includes(INSIDE)) await measure(count);
else {
  const argv = ['-n', process.execPath, fileURLToPath(import.meta.url), INSIDE, String(count)];
  process.exitCode = spawnSync('unshare', argv, { stdio: 'inherit' }).status ?? 1;
}
