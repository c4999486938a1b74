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

export interface SystemdNotifierOptions {
  readonly log: Log;
  /** Default `process.env`. */
  readonly env?: Environment;
  /** This process, to tell whether the watchdog is meant for it; default `process.pid`. */
  readonly pid?: number;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/** Every method returns at once; without systemd all of them do nothing. */
export interface SystemdNotifier {
  /** How often a sign of life is sent at most, a third of systemd's limit; undefined when systemd wants none. */
  readonly watchdogIntervalMs: number | undefined;
  /** Started, or done reloading. */
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
  /** A start that goes on: one line for `systemctl status`, and another minute before systemd gives it up. */
  starting(status: string): void;
  /** A sign of life: to be given by progress only, never by a timer alone; as often as one likes, few are sent. */
  watchdog(): void;
  /** Resolves when everything said so far has been handed over; to be awaited before the process ends. */
  close(): Promise<void>;
}

const COMMAND_TIMEOUT_MS = 5000;
/** A start that says nothing for so long is stuck: sd_notify(3), EXTEND_TIMEOUT_USEC. */
const START_LONGER_US = 60_000_000;
/** Messages waiting for a slow systemd; more mean that it is not listening. */
const QUEUE_MAX = 16;

/** Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as sd_notify(3) and sd_watchdog_enabled(3) say. */
export function createSystemdNotifier(options: SystemdNotifierOptions): SystemdNotifier {
  const { env = process.env, pid = process.pid, now = () => performance.now(), log } = options;
  const queue = env['NOTIFY_SOCKET'] ? new MessageQueue(env, log) : undefined;
  const send = (...assignments: string[]) => queue?.push(assignments);
  const watchdogIntervalMs = queue && findWatchdogIntervalMs(env, pid);
  let lastSignMs = Number.NEGATIVE_INFINITY;
  const signOfLife = (intervalMs: number) => {
    if (now() - lastSignMs < intervalMs) return;
    lastSignMs = now();
    send('WATCHDOG=1');
  };
  return {
    watchdogIntervalMs,
    ready: (status) => send('READY=1', statusOf(status)),
    reloading: () => send('RELOADING=1', 'STATUS=reloading'),
    stopping: () => send('STOPPING=1', 'STATUS=stopping'),
    starting: (status) => send(statusOf(status), `EXTEND_TIMEOUT_USEC=${START_LONGER_US}`),
    watchdog: () => watchdogIntervalMs !== undefined && signOfLife(watchdogIntervalMs),
    close: async () => queue?.idle(),
  };
}

/** A third of systemd's limit, so that one late sign of life does no harm. */
export function findWatchdogIntervalMs(env: Environment, pid: number): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return undefined;
  const limitMs = Number(WATCHDOG_USEC) / 1000;
  return limitMs > 0 && Number.isFinite(limitMs) ? limitMs / 3 : undefined;
}

function statusOf(text: string): string {
  // A line break would begin an assignment of its own.
  return `STATUS=${joinLines(text).slice(0, 200)}`;
}

/** One message at a time, in order; status and signs of life that wait are folded into one message. */
class MessageQueue {
  readonly #send: (assignments: readonly string[]) => Promise<Error | null>;
  readonly #log: SystemdNotifierOptions['log'];
  readonly #waiting: string[][] = [];
  #sending: Promise<void> | undefined;
  #failed = false;

  constructor(env: Environment, log: SystemdNotifierOptions['log']) {
    const fd = Number(env['ZBAN_NOTIFY_FD']);
    this.#send = fd > 2 ? (assignments) => writeMessage(fd, assignments) : (assignments) => runNotify(env, assignments);
    this.#log = log;
  }

  push(assignments: string[]): void {
    const last = this.#waiting.at(-1);
    if (last && isFoldable(last) && isFoldable(assignments)) fold(last, assignments);
    else if (this.#waiting.length < QUEUE_MAX) this.#waiting.push(assignments);
    this.#sending ??= this.#drain();
  }

  async idle(): Promise<void> {
    await this.#sending;
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const error = await this.#send(next);
      // Told when it begins, not every time: systemd itself notices the silence.
      if (error && !this.#failed) this.#log('warn', 'cannot notify systemd', { error: error.message });
      this.#failed = error !== null;
    }
    this.#sending = undefined;
  }
}

/** One write is one datagram; it waits in a thread of libuv's while systemd takes none. */
function writeMessage(fd: number, assignments: readonly string[]): Promise<Error | null> {
  return new Promise((resolve) => write(fd, assignments.join('\n'), resolve));
}

function runNotify(env: Environment, assignments: readonly string[]): Promise<Error | null> {
  const { PATH = '/usr/bin:/bin', NOTIFY_SOCKET } = env;
  const child = { env: { PATH, NOTIFY_SOCKET }, timeout: COMMAND_TIMEOUT_MS };
  return new Promise((resolve) => {
    execFile('systemd-notify', assignments, child, resolve);
  });
}

function isFoldable(assignments: readonly string[]): boolean {
  return assignments.every((assignment) => /^(STATUS|WATCHDOG|EXTEND_TIMEOUT_USEC)=/.test(assignment));
}

function fold(into: string[], assignments: readonly string[]): void {
  for (const assignment of assignments) {
    const name = assignment.slice(0, assignment.indexOf('=') + 1);
    const place = into.findIndex((other) => other.startsWith(name));
    if (place < 0) into.push(assignment);
    else into[place] = assignment;
  }
}
