/** The socket in the file system: made where it is missing, a dead daemon's replaced, and made again when somebody removes it. */
import { chmodSync, existsSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { codeOf, messageOf } from '../model/coded-error.ts';
import type { EverySecond } from '../model/every-second.ts';
import type { Log } from '../model/log.ts';
import { ControlError } from './error.ts';

const PROBE_TIMEOUT_MS = 2000;

/** A disk that takes no socket: that passes, and is no reason not to protect the host. By errno (errno(3)). */
const DISK_FIXES: Readonly<Record<string, (folder: string) => string>> = {
  ENOSPC: (folder) => `the disk is full, make room: df ${folder}; df -i ${folder}`,
  EDQUOT: (folder) => `the disk's quota is used up, make room: df ${folder}`,
  EROFS: (folder) => `the disk is read-only, make it writable or set another control.socket: findmnt -T ${folder}`,
  EIO: (folder) => `the disk reports errors, see: dmesg; df ${folder}`,
};
const FOLDER_FIX = 'systemctl restart zban, which makes its folder too';

/** No command reaches the daemon. */
export interface SocketTrouble {
  readonly what: string;
  readonly fix: string;
}

export interface ListenerOptions {
  readonly path: string;
  readonly accept: (client: Socket) => void;
  readonly log: Log;
  /** Told with each attempt that fails, and with undefined once one has not. */
  readonly onTrouble: (trouble: SocketTrouble | undefined) => void;
  /** When to look whether the socket is still there: a clean-up of /run leaves a daemon that nobody can ask. */
  readonly everySecond: EverySecond;
}

export class Listener {
  private readonly options: ListenerOptions;
  private server: Server | undefined;
  private readonly endLooks: () => void;
  private opening: Promise<void> | undefined;
  private isClosed = false;

  private constructor(options: ListenerOptions) {
    this.options = options;
    this.endLooks = options.everySecond(() => this.look());
  }

  /**
   * A disk that takes no socket is a trouble, and tried again. Rejects with ControlError: `already_running` where a live daemon
   * answers on the socket, `no_permission`, `failed`.
   */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    try {
      await listener.listen();
    } catch (error) {
      if (findDiskFix(error, options.path) === undefined) {
        await listener.close();
        throw error;
      }
      listener.miss(error);
    }
    return listener;
  }

  /** Takes no more connections and removes the socket; resolves when those that were taken have ended. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.endLooks();
    await this.opening;
    await this.end();
  }

  /** Who asks for it finds the socket. */
  get isOpen(): boolean {
    return this.server !== undefined && existsSync(this.options.path);
  }

  private look(): void {
    // One that stands there without a server is a dead daemon's, on a disk from which it could not be removed.
    if (this.isClosed || this.opening || this.isOpen) return;
    this.opening = this.again().finally(() => (this.opening = undefined));
  }

  /** Connections that were taken before go on. */
  private async again(): Promise<void> {
    // First of all: closing removes whatever stands under the path.
    void this.end();
    try {
      await this.listen();
      this.options.log('warn', 'the control socket was missing: made again', { socket: this.options.path });
      this.options.onTrouble(undefined);
    } catch (error) {
      this.miss(error);
    }
  }

  private miss(error: unknown): void {
    const what = `no command reaches the daemon: ${messageOf(error)}`;
    this.options.onTrouble({ what, fix: findDiskFix(error, this.options.path) ?? FOLDER_FIX });
  }

  private async listen(): Promise<void> {
    const { path, accept, log } = this.options;
    await clearStale(path);
    // Half open: a client may close its end right after the request, as `nc -U` does.
    const server = createServer({ allowHalfOpen: true }, accept);
    await listen(server, path);
    server.on('error', (error) => log('warn', 'control socket failed', { error: error.message }));
    this.server = server;
  }

  private end(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    return new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
}

/** Rejects with ControlError. */
async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explainListen(error, path)));
    server.listen(path, resolve);
  });
  server.removeAllListeners('error');
  chmodSync(path, 0o660);
}

function explainListen(error: unknown, path: string): ControlError {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return alreadyRunning(path);
  if (code === 'EACCES') {
    const message = `cannot make the control socket ${path}: no permission; run zban as root or set control.socket`;
    return new ControlError('no_permission', message, { cause: error });
  }
  const message = `cannot listen on the control socket ${path}: ${messageOf(error)}`;
  return new ControlError('failed', message, { cause: error });
}

function findDiskFix(error: unknown, path: string): string | undefined {
  const cause = error instanceof ControlError ? codeOf(error.cause) : undefined;
  return DISK_FIXES[cause ?? '']?.(dirname(path));
}

function alreadyRunning(path: string): ControlError {
  const message = `already running: a zban daemon answers on ${path}; stop it first, or set another control.socket`;
  return new ControlError('already_running', message);
}

/** Removes the socket that a killed daemon left behind; never anything that is not a socket. */
async function clearStale(path: string): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isSocket()) throw new ControlError('failed', `${path} is in the way of the control socket: not a socket`);
    if (await answers(path)) throw alreadyRunning(path);
    unlinkSync(path);
  } catch (error) {
    if (error instanceof ControlError) throw error;
    if (codeOf(error) !== 'ENOENT') throw explainListen(error, path);
  }
}

/** True when somebody listens. A daemon too busy to accept in time is alive as well. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const settle = (alive: boolean) => {
      probe.destroy();
      resolve(alive);
    };
    probe.setTimeout(PROBE_TIMEOUT_MS, () => settle(true));
    probe.once('connect', () => settle(true));
    probe.once('error', (error) => settle(codeOf(error) === 'EAGAIN'));
  });
}
