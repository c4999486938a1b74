/**
 * Resident memory of a real daemon, as the service runs it, with so many distinct clients in its window, each of which asks three
 * times within a minute, and, if wanted, so many bans of others in force. `node test/bench/memory.ts CLIENTS [BANS]`
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const ZBAN = fileURLToPath(new URL('../../scripts/zban', import.meta.url));
const LINES_AT_ONCE = 10_000;
const PAUSE_MS = 250;
const clients = Number(process.argv[2] ?? 100_000);
const bans = Number(process.argv[3] ?? 0);
const folder = mkdtempSync(join(tmpdir(), 'zban-memory-'));
const log = join(folder, 'access.log');
const config = join(folder, 'config.yaml');

function status(): { clients: number; lines_total: number; active_bans: number } | undefined {
  const { status: code, stdout } = spawnSync(ZBAN, ['status', '--json', '--config', config], { encoding: 'utf8' });
  return code === 0 ? JSON.parse(stdout) : undefined;
}

async function until<T>(test: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = test();
    if (value) return value;
    await sleep(200);
  }
}

function order(): void {
  const list = join(folder, 'bans.txt');
  const address = (n: number) => `11.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}\n`;
  writeFileSync(list, Array.from({ length: bans }, (_, n) => address(n)).join(''));
  // It fails where the firewall took too long to confirm some of them, which then follow.
  spawnSync(ZBAN, ['ban', '--file', list, '--for', '7d', '--config', config], { stdio: 'ignore' });
}

function lines(first: number, count: number): string {
  const time = (Date.now() / 1000).toFixed(3);
  let text = '';
  for (let n = first; n < first + count; n++) {
    const client = n % clients;
    const ip = `10.${(client >>> 16) & 255}.${(client >>> 8) & 255}.${client & 255}`;
    text += `{"msec":"${time}","remote_addr":"${ip}","request_method":"GET","request_uri":"/page/${client % 100}","status":"200","http_user_agent":"${'x'.repeat(100)}"}\n`;
  }
  return text;
}

writeFileSync(log, '');
writeFileSync(
  config,
  stringify({
    ...(bans > 0 && { mode: 'enforce', firewall: { backend: 'dry-run' } }),
    logs: [{ path: log }],
    state: { database: join(folder, 'zban.db') },
    audit: { log: join(folder, 'audit.log') },
    control: { socket: join(folder, 'zban.sock') },
    http: { listen: '127.0.0.1:0' },
  }),
);
const daemon = spawn(ZBAN, ['run', '--config', config], { stdio: 'ignore' });
try {
  await until(() => status());
  if (bans > 0) order();
  await until(() => status()?.active_bans === bans);
  const total = clients * 3;
  for (let first = 0; first < total; first += LINES_AT_ONCE) {
    appendFileSync(log, lines(first, Math.min(LINES_AT_ONCE, total - first)));
    await sleep(PAUSE_MS);
  }
  const read = await until(() => {
    const now = status();
    return now && now.lines_total === total && now;
  });
  const memory = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  const mib = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(memory)?.[1]) / 1024);
  console.log(JSON.stringify({ clients: read.clients, bans, rssMib: mib('VmRSS'), peakMib: mib('VmHWM') }));
} finally {
  const closed = once(daemon, 'exit');
  daemon.kill();
  await closed;
  rmSync(folder, { recursive: true, force: true });
}
