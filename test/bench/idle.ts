/**
 * Memory and processor time of a daemon that has nothing to do, as an operator's server sees it: with a copy of Node.js of its
 * own, so that no other process shares its code. `node test/bench/idle.ts [SECONDS] [LINES]`: seconds until it is measured, and
 * lines a second that its log gets all the while.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { logLine } from '../support/traffic.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** By default it has just collected its garbage. */
const SETTLE_MS = Number(process.argv[2] ?? 45) * 1000;
const LINES_PER_SECOND = Number(process.argv[3] ?? 0);
const MEASURE_MS = 20_000;
const TICKS_PER_SECOND = 100;

const folder = mkdtempSync(join(tmpdir(), 'zban-idle-'));
const config = join(folder, 'config.yaml');
// Builds what is to be measured.
spawnSync(join(ROOT, 'scripts/zban'), ['--version']);
for (const name of ['bin', 'scripts']) mkdirSync(join(folder, name));
copyFileSync(process.execPath, join(folder, 'bin/node'));
copyFileSync(join(ROOT, 'scripts/launch'), join(folder, 'scripts/launch'));
symlinkSync(join(ROOT, 'dist'), join(folder, 'dist'));
writeFileSync(join(folder, 'access.log'), '');
writeFileSync(
  config,
  stringify({
    logs: [{ path: join(folder, 'access.log') }],
    state: { database: join(folder, 'zban.db') },
    audit: { log: join(folder, 'audit.log') },
    control: { socket: join(folder, 'zban.sock') },
    http: { listen: '127.0.0.1:0' },
  }),
);
const daemon = spawn(join(folder, 'scripts/launch'), ['run', '--config', config], { stdio: 'ignore' });
/** User and system time so far, seconds: fields 14 and 15 of proc(5). */
const cpuSeconds = () => {
  const fields = readFileSync(`/proc/${daemon.pid}/stat`, 'latin1').replace(/.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};
let written = 0;
const write = () =>
  appendFileSync(
    join(folder, 'access.log'),
    `${logLine(Math.floor(Date.now() / 1000), `192.0.2.${written++ % 200}`)}\n`,
  );
const writing = LINES_PER_SECOND > 0 ? setInterval(write, 1000 / LINES_PER_SECOND) : undefined;
try {
  await sleep(SETTLE_MS);
  const before = cpuSeconds();
  await sleep(MEASURE_MS);
  const corePercent = Number((((cpuSeconds() - before) / MEASURE_MS) * 100_000).toFixed(2));
  const smaps = readFileSync(`/proc/${daemon.pid}/smaps_rollup`, 'latin1');
  const mib = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(smaps)?.[1]) / 102.4) / 10;
  console.log(JSON.stringify({ pssMib: mib('Pss'), ownMib: mib('Private_Dirty'), corePercent }));
} finally {
  clearInterval(writing);
  const closed = once(daemon, 'exit');
  daemon.kill();
  await closed;
  rmSync(folder, { recursive: true, force: true });
}
