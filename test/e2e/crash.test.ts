/**
 * SIGKILL at ten random moments while attacks, ordinary traffic and rotations go on: after each, what is on disk belongs
 * together, and the next start brings kernel, database and log position in line without losing or doubling a ban.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { TestDaemon, until } from '../support/daemon.ts';
import { SEED } from '../support/fast-check.ts';
import { createNetwork, type Network, toolSkip } from '../support/netns.ts';
import { RotatedLog } from '../support/rotated-log.ts';
import { logLine, mulberry32, visitorIp } from '../support/traffic.ts';

const KILLS = 10;
/** `baseline.warmup_max_requests` below: more requests than this within the window are an attack. */
const CEILING = 100;
/** However a kill parts a burst, one of the parts alone is over the ceiling. */
const BURST = 3 * CEILING;
/** A running daemon that looks twice within a second trusts that at most one rotation lies between. */
const ROTATION_MS_MIN = 1100;

const skipKernel = toolSkip('ipset', 'iptables');
let network: Network | undefined;

before(() => {
  if (!skipKernel) network = createNetwork({ hosts: ['server'] });
});
after(() => network?.close());

interface Burst {
  readonly ip: string;
  readonly inode: number;
  /** Bytes of the file before the burst and after it. */
  readonly from: number;
  readonly to: number;
}

interface AuditRow {
  readonly id: number;
  readonly action: string;
  readonly client: string | null;
  readonly detail: string;
}

/** Writes ordinary requests without end, an attack now and then, and rotates; attacks begin when it is told so. */
class Writer {
  readonly log: RotatedLog;
  readonly bursts: Burst[] = [];
  private readonly random: () => number;
  private rotatedMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(path: string, random: () => number) {
    this.log = new RotatedLog(path);
    this.random = random;
  }

  start(): void {
    this.timer = setInterval(() => this.step(), 20);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** One client's burst, in one write. */
  attack(): void {
    const second = Math.floor(Date.now() / 1000);
    const n = this.bursts.length;
    // Each from a network of its own: neighbours would be banned together.
    const ip = n % 3 === 2 ? `2001:db8:${(0xb00 + n).toString(16)}:1::1` : `198.18.${n + 1}.7`;
    const lines = Array.from({ length: BURST }, (_, at) => logLine(second, ip, `/wp-login.php?${at}`, 401));
    this.bursts.push({ ip: ip.replace('::1', '::/64'), ...this.log.append(lines) });
  }

  rotate(): void {
    this.rotatedMs = Date.now();
    this.log.rotate();
  }

  private step(): void {
    const second = Math.floor(Date.now() / 1000);
    const visitors = Array.from({ length: 5 }, () => logLine(second, visitorIp(Math.floor(this.random() * 400))));
    // nginx writes into the renamed file until it is told to reopen.
    if (this.random() < 0.2 && this.log.rotations > 0) this.log.appendLate(visitors);
    else this.log.append(visitors);
    if (this.random() < 0.03) this.attack();
    if (this.random() < 0.02 && Date.now() - this.rotatedMs >= ROTATION_MS_MIN) this.rotate();
  }
}

/** What the database of a dead daemon says. */
function inspect(daemon: TestDaemon, writer: Writer): void {
  const banned = new Set(banRows(daemon).map(({ client }) => client));
  const read = writer.log.readUpTo(daemon.database, daemon.log);
  for (const { ip, inode, from, to } of writer.bursts) {
    const offset = read(inode);
    const inFull = offset >= to;
    if (inFull)
      assert.ok(banned.has(ip), `${ip}: its lines count as read, but no ban is recorded (${offset} of inode ${inode})`);
    if (banned.has(ip)) assert.ok(offset > from, `${ip} is banned, but the lines that caused it would be read again`);
  }
  const { status, stderr } = daemon.zban('audit', 'verify');
  assert.equal(status, 0, stderr);
}

function auditRows(daemon: TestDaemon): AuditRow[] {
  const { stdout, status, stderr } = daemon.zban('audit', '--json');
  assert.equal(status, 0, stderr);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as AuditRow);
}

function banRows(daemon: TestDaemon): AuditRow[] {
  return auditRows(daemon).filter(({ action }) => action === 'ban');
}

/** Every attacker has one ban, confirmed; the kernel holds these and nothing else; the log was read to its end. */
async function settle(daemon: TestDaemon, writer: Writer, kernel: (() => string[]) | undefined): Promise<void> {
  const expected = writer.bursts.map(({ ip }) => ip).sort();
  const listed = () => daemon.json<{ ip: string; confirmed: boolean }[]>('list');
  await until(
    'every attacker is banned',
    () => listed().filter(({ confirmed }) => confirmed).length >= expected.length,
  );
  assert.deepEqual(
    listed()
      .map(({ ip }) => ip)
      .sort(),
    expected,
  );
  if (kernel) assert.deepEqual(kernel().sort(), expected);
  const rows = auditRows(daemon);
  for (const ip of expected) {
    const own = rows.filter(({ client }) => client === ip).map(({ action, detail }) => `${action} ${detail}`.trim());
    assert.deepEqual(own, ['ban', 'ban_result ok'], ip);
  }
}

function kernelTargets(): string[] {
  const text = network?.run('server', ['ipset', 'save']) ?? '';
  return [...text.matchAll(/^add \S+ (\S+)/gm)].map(([, target = '']) => target);
}

async function killTenTimes(daemon: TestDaemon, kernel: (() => string[]) | undefined): Promise<void> {
  const random = mulberry32(SEED);
  const writer = new Writer(daemon.log, random);
  await daemon.start();
  writer.start();
  try {
    for (let kill = 1; kill <= KILLS; kill++) {
      // The moment is random; that something is under way when it comes is not.
      await delay(random() * 600);
      writer.attack();
      await delay(random() * 150);
      await daemon.stop('SIGKILL');
      inspect(daemon, writer);
      writer.attack();
      if (random() < 0.5) writer.rotate();
      writer.attack();
      if (kill % 2 === 0) await killWhileStarting(daemon, random() * 1500);
      await daemon.start();
      if (kill % 3 !== 0) continue;
      writer.stop();
      await settle(daemon, writer, kernel);
      writer.start();
    }
    writer.stop();
    await settle(daemon, writer, kernel);
    assert.equal(await daemon.stop('SIGTERM'), 0, daemon.stderr);
    inspect(daemon, writer);
    const read = writer.log.readUpTo(daemon.database, daemon.log);
    assert.equal(read(writer.log.inode), writer.log.bytes, 'the saved position is the end of the log');
    if (kernel) assert.deepEqual(kernel().sort(), writer.bursts.map(({ ip }) => ip).sort(), 'a stop keeps the bans');
  } catch (error) {
    throw new Error(`seed ${SEED}: ${error instanceof Error ? error.message : error}\n${daemon.stderr}`, {
      cause: error,
    });
  } finally {
    writer.stop();
  }
}

async function killWhileStarting(daemon: TestDaemon, afterMs: number): Promise<void> {
  const started = daemon.start().catch((error: unknown) => error);
  await delay(afterMs);
  await daemon.stop('SIGKILL');
  await started;
}

const CONFIG = {
  baseline: { warmup: '1h', warmup_max_requests: CEILING },
  bans: { schedule: ['1h'], max_per_minute: 100_000, max_share: 1 },
  detection: { error_surge: { min_errors: 100_000 } },
};

/** With the kernel's bans where that can be: what else is asserted is the same. */
test(`SIGKILL at ten moments, ${skipKernel ? 'without a firewall' : 'with ipset'}`, async (t) => {
  const firewall = { backend: skipKernel ? 'dry-run' : 'ipset', reconcile: '1s' };
  const daemon = new TestDaemon({ prefix: network?.prefix('server') ?? [], config: { ...CONFIG, firewall } });
  t.after(() => daemon.close());
  await killTenTimes(daemon, skipKernel ? undefined : kernelTargets);
});
