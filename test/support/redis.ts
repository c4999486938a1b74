/** Redis servers for tests: each with a folder and a port of its own on the loopback, gone with the test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const START_MS = 20_000;

/** Why tests with a server cannot run here; false when they can. */
export function redisSkip(): string | false {
  return spawnSync('redis-server', ['--version']).error ? 'needs redis-server (apt-get install redis-server)' : false;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export class RedisServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'zban-redis-'));
  readonly port: number;
  /** Of a Cluster. */
  readonly busPort: number;
  private readonly options: readonly string[];
  private child: ChildProcess | undefined;

  private constructor(port: number, busPort: number, options: readonly string[]) {
    this.port = port;
    this.busPort = busPort;
    this.options = options;
  }

  /** Starts a server with these options besides; it keeps nothing on disk unless they say so. */
  static async start(...options: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await freePort(), options);
    await server.run();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it anew after `kill`. */
  async run(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    const isSentinel = this.options.includes('--sentinel');
    if (!isSentinel) own.push('--save', '');
    const bus = this.options.includes('--cluster-enabled') ? ['--cluster-port', String(this.busPort)] : [];
    this.child = spawn(
      'redis-server',
      isSentinel ? [this.options[1] ?? '', '--sentinel', ...own] : [...own, ...bus, ...this.options],
      { stdio: 'ignore' },
    );
    const deadline = Date.now() + START_MS;
    while (!this.cli('PING').includes('PONG') && !this.cli('PING').includes('NOAUTH')) {
      if (Date.now() > deadline || this.child.exitCode !== null) throw new Error('redis-server did not come up');
      await delay(20);
    }
  }

  /** Runs a command with redis-cli; what it prints, without the last line feed. */
  cli(...words: readonly string[]): string {
    const { stdout, stderr } = spawnSync('redis-cli', ['-p', String(this.port), ...words], { encoding: 'utf8' });
    return (stdout + stderr).trimEnd();
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
