/**
 * Tells systemd how the service is doing: sd_notify(3). Node.js cannot make datagram sockets of the unix family, but it can
 * write to one: scripts/launch connects it and hands it down (ZBAN_NOTIFY_FD). Messages then come from the main process,
 * the only one that the unit's NotifyAccess=main lets speak. Without it each message is one run of systemd-notify(1), which
 * waits until systemd has read it, so that it is still credited to the unit; that needs NotifyAccess=all.
 */

import { execFile } from 'node:child_process';
import { write } from 'node:fs';
import type { Log } from '../model/log.ts';
import { joinLines } from '../model/text.ts';

type Environment = Readonly<Record<string, string | undefined>>;
/** Assignments by their names. */
type Message = Record<string, string>;

const COMMAND_TIMEOUT_MS = 5000;
/** A start that says nothing for so long is stuck: sd_notify(3), EXTEND_TIMEOUT_USEC. */
const START_LONGER_US = 60_000_000;
/** Messages waiting for a slow systemd; more mean that it is not listening. */
const QUEUE_MAX = 16;
/** Of these only the newest counts. */
const FOLDABLE: ReadonlySet<string> = new Set(['STATUS', 'WATCHDOG', 'EXTEND_TIMEOUT_USEC']);

export interface SystemdNotifierOptions {
  readonly log: Log;
  /** Default `process.env`. */
  readonly env?: Environment;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/** Every method returns at once; without systemd all of them do nothing. Messages go one at a time, in order. */
export class SystemdNotifier {
  private readonly log: Log;
  private readonly now: () => number;
  private readonly env: Environment;
  /** How often a sign of life is sent at most; undefined when systemd wants none. */
  private readonly watchdogIntervalMs: number | undefined;
  private lastSignMs = Number.NEGATIVE_INFINITY;
  private readonly waiting: Message[] = [];
  private sending: Promise<void> | undefined;
  private failed = false;

  constructor({ log, env = process.env, now = () => performance.now() }: SystemdNotifierOptions) {
    this.log = log;
    this.env = env;
    this.now = now;
    this.watchdogIntervalMs = findWatchdogIntervalMs(env, process.pid);
  }

  /** Started, or done reloading. */
  ready(status: string): void {
    this.push({ READY: '1', STATUS: oneLine(status) });
  }

  reloading(): void {
    this.push({ RELOADING: '1', STATUS: 'reloading' });
  }

  stopping(): void {
    this.push({ STOPPING: '1', STATUS: 'stopping' });
  }

  /** A start that goes on: one line for `systemctl status`, and another minute before systemd gives it up. */
  starting(status: string): void {
    this.push({ STATUS: oneLine(status), EXTEND_TIMEOUT_USEC: String(START_LONGER_US) });
  }

  /** A sign of life: to be given by progress only, never by a timer alone; as often as one likes, few are sent. */
  watchdog(): void {
    if (this.watchdogIntervalMs === undefined || this.now() - this.lastSignMs < this.watchdogIntervalMs) return;
    this.lastSignMs = this.now();
    this.push({ WATCHDOG: '1' });
  }

  /** Resolves when everything said so far has been handed over; to be awaited before the process ends. */
  async close(): Promise<void> {
    await this.sending;
  }

  private push(message: Message): void {
    if (!this.env['NOTIFY_SOCKET']) return;
    const last = this.waiting.at(-1);
    if (last && isFoldable(last) && isFoldable(message)) Object.assign(last, message);
    else if (this.waiting.length < QUEUE_MAX) this.waiting.push(message);
    this.sending ??= this.drain();
  }

  private async drain(): Promise<void> {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      const error = await send(this.env, next);
      // Told when it begins, not every time: systemd itself notices the silence.
      if (error && !this.failed) this.log('warn', 'cannot notify systemd', { error: error.message });
      this.failed = error !== null;
    }
    this.sending = undefined;
  }
}

/**
 * A third of systemd's limit, so that one late sign of life does no harm: WATCHDOG_USEC and WATCHDOG_PID as
 * sd_watchdog_enabled(3) says.
 */
export function findWatchdogIntervalMs(env: Environment, pid: number): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return undefined;
  const limitMs = Number(WATCHDOG_USEC) / 1000;
  return limitMs > 0 && Number.isFinite(limitMs) ? limitMs / 3 : undefined;
}

/** A line break would begin an assignment of its own. */
function oneLine(status: string): string {
  return joinLines(status).slice(0, 200);
}

function isFoldable(message: Message): boolean {
  return Object.keys(message).every((name) => FOLDABLE.has(name));
}

/** Resolves with what went wrong. One write is one datagram; it waits in a thread of libuv's while systemd takes none. */
function send({ ZBAN_NOTIFY_FD, PATH = '/usr/bin:/bin', NOTIFY_SOCKET }: Environment, message: Message) {
  const assignments = Object.entries(message).map(([name, value]) => `${name}=${value}`);
  const fd = Number(ZBAN_NOTIFY_FD);
  const child = { env: { PATH, NOTIFY_SOCKET }, timeout: COMMAND_TIMEOUT_MS };
  return new Promise<Error | null>((resolve) => {
    if (fd > 2) write(fd, assignments.join('\n'), resolve);
    else execFile('systemd-notify', assignments, child, resolve);
  });
}
