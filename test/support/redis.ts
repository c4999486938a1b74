/** Redis servers for tests: each with a folder and a port of its own on the loopback, gone with the test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { until } from './until.ts';

/** Why tests with a server cannot run here; false when they can. */
export function redisSkip(): string | false {
  return spawnSync('redis-server', ['--version']).error ? 'needs redis-server (apt-get install redis-server)' : false;
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
    const { child } = this;
    await until('redis-server is up', () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      return /PONG|NOAUTH/.test(this.cli('PING'));
    });
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
