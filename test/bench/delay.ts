/**
 * `node test/bench/delay.ts`: how long the main thread of a real daemon, which follows the logs, keeps everything else waiting
 * (perf_hooks.monitorEventLoopDelay): idle, with 20,000 lines a second, with a hundred bans a second on top, and while
 * an operator bans 100,000 at once; and what it works, which other programs change little. Compare runs beside each other.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAIN } from '../support/built.ts';
import { TestDaemon } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

const CEILING = 10;
const SECONDS = Number(process.argv[2] ?? 20);
const LINES_PER_SECOND = 20_000;
const BANS_PER_SECOND = 100;
const LIST = 100_000;
const SLICE_MS = 10;
/** As scripts/launch starts it. */
const FLAGS = ['--disable-sigusr1', '--max-semi-space-size=4', '--heap-growing-percent=30'];

const daemon = new TestDaemon({
  config: {
    baseline: { warmup: '1h', window: '2h', history: '0s', warmup_max_requests: CEILING },
    bans: { max_per_minute: 1_000_000, max_share: 1 },
  },
});
const report = join(daemon.folder, 'delay.json');
/** SIGUSR2 writes what was measured since the last one. */
const PROBE = `
  import { monitorEventLoopDelay } from 'node:perf_hooks';
  import { renameSync, writeFileSync } from 'node:fs';
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('SIGUSR2', () => {
    const ms = (ns) => ns / 1e6;
    const values = [50, 99, 99.9].map((share) => ms(delay.percentile(share)));
    writeFileSync(${JSON.stringify(report)} + '.new', JSON.stringify([...values, ms(delay.max)]));
    renameSync(${JSON.stringify(report)} + '.new', ${JSON.stringify(report)});
    delay.reset();
  });
`;

const second = () => Math.floor(Date.now() / 1000);

async function read(pid: number): Promise<readonly number[]> {
  rmSync(report, { force: true });
  process.kill(pid, 'SIGUSR2');
  while (!existsSync(report)) await sleep(20);
  return JSON.parse(readFileSync(report, 'utf8'));
}

/** Processor time of the main thread so far, seconds (proc(5), 100 ticks a second). */
function worked(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

let clients = 0;
/** Writes to the log for so long. */
async function load(bansPerSecond: number): Promise<void> {
  const pieces = (1000 / SLICE_MS) * SECONDS;
  const beside = Array.from({ length: (LINES_PER_SECOND * SLICE_MS) / 1000 }, (_, n) => n);
  const begin = performance.now();
  for (let piece = 0; piece < pieces; piece++) {
    const now = second();
    const lines = beside.map((n) => `${logLine(now, '198.51.100.7', `/${n}`)}\n`);
    for (let ban = 0; ban < (bansPerSecond * SLICE_MS) / 1000; ban++) {
      const ip = `10.${clients >> 16}.${(clients >> 8) & 255}.${clients & 255}`;
      clients++;
      for (let n = 0; n <= CEILING; n++) lines.push(`${logLine(now, ip, `/only-${ip}/${n}`)}\n`);
    }
    appendFileSync(daemon.log, lines.join(''));
    await sleep(Math.max(0, begin + (piece + 1) * SLICE_MS - performance.now()));
  }
}

async function main(): Promise<void> {
  writeFileSync(daemon.log, '');
  const args = [...FLAGS, '--import', `data:text/javascript,${encodeURIComponent(PROBE)}`, MAIN, 'run'];
  const child = spawn(process.execPath, [...args, '--config', daemon.configPath], { stdio: 'ignore' });
  const { pid } = child;
  if (pid === undefined) throw new Error('the daemon does not start');
  try {
    while (daemon.status()?.logs.length !== 1) await sleep(100);
    const measure = async (what: string, work: () => Promise<unknown>) => {
      await read(pid);
      const [before, begin] = [worked(pid), performance.now()];
      await work();
      const share = (100_000 * (worked(pid) - before)) / (performance.now() - begin);
      const shown = (await read(pid)).map((ms) => ms.toFixed(1));
      console.log(
        `${what}: median ${shown[0]} ms, 99 % ${shown[1]} ms, 99.9 % ${shown[2]} ms, most ${shown[3]} ms; main thread ${share.toFixed(0)} % of a core`,
      );
    };
    await measure('idle', () => sleep(SECONDS * 1000));
    await measure(`${LINES_PER_SECOND} lines/s`, () => load(0));
    await measure(`${LINES_PER_SECOND} lines/s, ${BANS_PER_SECOND} bans/s`, () => load(BANS_PER_SECOND));
    const list = join(daemon.folder, 'list');
    const targets = Array.from({ length: LIST }, (_, n) => `11.${n >> 16}.${(n >> 8) & 255}.${n & 255}\n`);
    writeFileSync(list, targets.join(''));
    await measure(`zban ban --file of ${LIST}`, async () => {
      const ban = spawn(process.execPath, [MAIN, 'ban', '--file', list, '--config', daemon.configPath], {
        stdio: 'ignore',
      });
      await once(ban, 'exit');
    });
    console.log(`bans in force at the end: ${daemon.status()?.active_bans}`);
  } finally {
    child.kill();
    await once(child, 'exit');
    await daemon.close();
  }
}

await main();
