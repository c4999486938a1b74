/** A real zban daemon for tests: its own folder with configuration, database, socket and logs; commands against it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Status } from '../../src/model/status.ts';
import { MAIN } from './built.ts';
import { type CommandResult, runInThread } from './command-thread.ts';
import { DEADLINE_MS } from './until.ts';

export { until } from './until.ts';

/**
 * Commands that ask the daemon or its database and nothing else: a process for each would be most of a test's
 * work. One that is run as another user needs its own.
 */
const ASKING: ReadonlySet<string> = new Set([
  ...['status', 'list', 'audit', 'explain', 'who', 'fleet', 'lanes'],
  ...['ban', 'unban', 'allow', 'import', 'export', 'fuse', 'notify', 'annotate', 'completion'],
]);

export interface DaemonOptions {
  /** Laid over the paths and defaults of the test. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Put before every command, such as `ip netns exec NAME`. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What runs zban. Default: what users run, on this Node.js. */
  readonly program?: readonly string[];
}

/** A folder with a configuration, in which daemons can run one after the other. */
export class TestDaemon {
  readonly folder: string;
  readonly configPath: string;
  readonly log: string;
  readonly database: string;
  readonly auditLog: string;
  /** What the daemon wrote to standard error. */
  stderr = '';
  child: ChildProcess | undefined;
  private socket = '';
  private readonly options: DaemonOptions;

  constructor(options: DaemonOptions = {}) {
    this.options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'zban-test-'));
    this.log = join(this.folder, 'access.log');
    this.database = join(this.folder, 'state', 'zban.db');
    this.auditLog = join(this.folder, 'log', 'audit.log');
    this.configPath = join(this.folder, 'config.yaml');
    mkdirSync(join(this.folder, 'log'));
    this.configure(options.config ?? {});
  }

  /** Writes the configuration: the test's places, then `config` over them, section by section. */
  configure(config: Readonly<Record<string, unknown>>): void {
    const { control } = config as { readonly control?: { readonly socket: string } };
    this.socket = control?.socket ?? join(this.folder, 'zban.sock');
    const base = {
      mode: 'enforce',
      logs: [{ path: this.log }],
      state: { database: this.database },
      audit: { log: this.auditLog },
      control: { socket: this.socket },
      http: { listen: 'off' },
      firewall: { backend: 'dry-run' },
    };
    writeFileSync(this.configPath, stringify({ ...base, ...config }));
  }

  /** Starts the daemon and returns when it answers; throws with its own words when it ends instead. */
  async start(): Promise<ChildProcess> {
    const [command = '', ...args] = this.argv(['run']);
    this.stderr = '';
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...this.options.env },
    });
    this.child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    const deadline = Date.now() + DEADLINE_MS;
    while (Date.now() < deadline) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the daemon ended with ${child.exitCode ?? child.signalCode}: ${this.stderr}`);
      // A command that reaches nobody costs as much as one that is answered.
      const status = existsSync(this.socket) ? this.status() : undefined;
      // The first positions are there once the log has been opened.
      if (status && status.state !== 'starting' && status.logs.length > 0) return child;
      await delay(100);
    }
    throw new Error(`the daemon did not come up: ${this.stderr}`);
  }

  /** Runs a zban command against this configuration; in the daemon's network where that matters. */
  zban(...args: readonly string[]): CommandResult {
    const env = { ...process.env, ...this.options.env };
    if (ASKING.has(args[0] ?? '') && this.options.prefix?.[0] !== 'setpriv')
      return runInThread([...args, '--config', this.configPath], env);
    const [command = '', ...rest] = this.argv(args);
    const { status, stdout, stderr } = spawnSync(command, rest, {
      encoding: 'utf8',
      timeout: DEADLINE_MS,
      maxBuffer: 1 << 28,
      env,
    });
    return { status, stdout, stderr };
  }

  /** Parsed output of a command with `--json`; throws when it fails. */
  json<T>(...args: readonly string[]): T {
    const { status, stdout, stderr } = this.zban(...args, '--json');
    if (status !== 0) throw new Error(`zban ${args.join(' ')} ended with ${status}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  status(): Status | undefined {
    const { status, stdout } = this.zban('status', '--json');
    return status === 0 ? (JSON.parse(stdout) as Status) : undefined;
  }

  auditText(): string {
    return readFileSync(this.auditLog, 'utf8');
  }

  /** Ends the daemon with a signal and resolves to its exit code, null when the signal killed it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  /** Ends the daemon and removes the folder. */
  async close(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private argv(args: readonly string[]): string[] {
    const { prefix = [], program = [process.execPath, MAIN] } = this.options;
    return [...prefix, ...program, ...args, '--config', this.configPath];
  }
}
