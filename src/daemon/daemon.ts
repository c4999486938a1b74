/** `zban run`: one instance after another. A reload builds a new one from the new configuration; the records stay open. */
import type { LoadedConfig } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import type { Log } from '../model/log.ts';
import { Control } from './answers/control.ts';
import { leaveFirewall } from './bans/enforcement.ts';
import { type Instance, startInstance } from './instance.ts';
import { createLog } from './log.ts';
import { createSystemdNotifier } from './notify-systemd.ts';
import { type ConfigInForce, readConfig } from './read-config.ts';
import type { Handover } from './records/record-store.ts';
import { RunTotals } from './run-totals.ts';
import { type StartScreen, WarmStartReport } from './start/warm-start.ts';
import { HostClock } from './watch/host-clock.ts';

export const EXIT_BAD_CONFIGURATION = 78;

export interface RunOptions {
  readonly configPath: string;
  /** Of a person who waits at a terminal. */
  readonly screen?: StartScreen | undefined;
}

/** `restart` is a reload with the configuration in force. */
type Wish = 'reload' | 'restart' | 'stop';

/** Signals as wishes, one at a time. */
class Wishes {
  private readonly waiting: Wish[] = [];
  private readonly giveUp = new AbortController();
  private wake: (() => void) | undefined;

  /** Aborted once a stop is wanted. */
  get stop(): AbortSignal {
    return this.giveUp.signal;
  }

  add(wish: Wish): void {
    // One reload that is yet to begin takes what any number of them would.
    if (!this.waiting.includes(wish)) this.waiting.push(wish);
    if (wish === 'stop') this.giveUp.abort();
    this.wake?.();
  }

  async next(): Promise<Wish> {
    while (this.waiting.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    // A stop overtakes reloads that were asked for before it.
    return this.waiting.includes('stop') ? 'stop' : (this.waiting.shift() as Wish);
  }
}

function describe(loaded: LoadedConfig & { ok: false }): string {
  return loaded.problems.map(formatProblem).join('\n');
}

/**
 * Runs until SIGTERM or SIGINT; SIGHUP reloads. Resolves to the exit code: 0 after an orderly stop, 78 for a bad
 * configuration. Rejects with the typed error of the part that could not start.
 */
export async function runDaemon({ configPath, screen }: RunOptions): Promise<number> {
  const wishes = new Wishes();
  const onStop = () => wishes.add('stop');
  // For the rest of the process: a second signal while it ends must not kill it.
  process
    .on('SIGTERM', onStop)
    .on('SIGINT', onStop)
    .on('SIGHUP', () => wishes.add('reload'));
  const loaded = await readConfig(configPath, wishes.stop).catch((error: unknown) => {
    if (!wishes.stop.aborted) throw error;
  });
  if (!loaded) return 0;
  if (!loaded.ok) {
    process.stderr.write(`${describe(loaded)}\n`);
    return EXIT_BAD_CONFIGURATION;
  }
  const write = createLog(loaded.config.log_level);
  const log: Log = (...line) => {
    screen?.clear();
    write(...line);
  };
  const systemd = createSystemdNotifier({ log });
  const handover: Handover = {};
  const totals = new RunTotals();
  const clock = new HostClock();
  const control = new Control(log);
  try {
    return await runInstances({ configPath, loaded, log, systemd, wishes, handover, totals, clock, control, screen });
  } finally {
    await control.close();
    const lost = handover.store?.trail.status.backlog ?? 0;
    await handover.store?.close();
    if (lost > 0) log('error', `${lost} audit rows are lost: no disk took them`);
    await systemd.close();
  }
}

/** A reload asked for over the socket: a bad configuration is refused at once, a good one is taken up right after the answer. */
async function askReload(configPath: string, wishes: Wishes): Promise<{ ok: boolean; message: string }> {
  const next = await readAgain(configPath, wishes.stop);
  if (typeof next === 'string') return { ok: false, message: next };
  setImmediate(() => wishes.add('reload'));
  return { ok: true, message: `reloading ${configPath}` };
}

/** What is wrong with it, in words, where it cannot be in force. */
async function readAgain(configPath: string, signal: AbortSignal): Promise<ConfigInForce | string> {
  try {
    const read = await readConfig(configPath, signal);
    return read.ok ? read : describe(read);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface RunState {
  readonly configPath: string;
  readonly loaded: ConfigInForce;
  readonly log: Log;
  readonly systemd: ReturnType<typeof createSystemdNotifier>;
  readonly wishes: Wishes;
  readonly handover: Handover;
  readonly totals: RunTotals;
  readonly clock: HostClock;
  readonly control: Control;
  readonly screen: StartScreen | undefined;
}

async function runInstances(state: RunState): Promise<number> {
  const { configPath, log, systemd, wishes } = state;
  let { loaded } = state;
  let instance = await start(loaded, 'start', state);
  while (instance) {
    systemd.ready(instance.summary());
    const wish = await wishes.next();
    if (wish === 'stop') {
      systemd.stopping();
      await instance.stop('stop');
      return 0;
    }
    const next = wish === 'restart' ? loaded : await readAgain(configPath, wishes.stop);
    // What was read, or broke off, no longer matters.
    if (wishes.stop.aborted) continue;
    if (typeof next === 'string') {
      instance.refuseReload(next);
      continue;
    }
    systemd.reloading();
    await instance.stop('reload');
    const { mode, firewall } = loaded.config;
    if (mode === 'enforce' && firewall.chain !== next.config.firewall.chain) await leaveFirewall(loaded.config, log);
    try {
      instance = await start(next, 'reload', state);
      loaded = next;
    } catch (error) {
      // The new configuration reads well but does not work here: the old one did.
      const problem = error instanceof Error ? error.message : String(error);
      log('error', `the new configuration does not work, going on with the old one: ${problem}`);
      instance = await start(loaded, 'reload', state);
      instance?.refuseReload(problem);
    }
  }
  return 0;
}

/** Undefined when a stop was wanted before the start was through: nothing is left of it then. */
async function start(
  loaded: ConfigInForce,
  startReason: 'start' | 'reload',
  { configPath, log, systemd, wishes, handover, totals, clock, control, screen }: RunState,
): Promise<Instance | undefined> {
  const starting = new AbortController();
  const warmStart = new WarmStartReport({ log, systemd, screen, now: () => performance.now() });
  const giveUp = () => {
    systemd.stopping();
    starting.abort();
  };
  wishes.stop.addEventListener('abort', giveUp, { once: true });
  if (wishes.stop.aborted) giveUp();
  for (const warning of loaded.warnings) log('warn', formatProblem(warning));
  try {
    return await startInstance({
      loaded,
      log,
      systemd,
      startReason,
      handover,
      totals,
      clock,
      control,
      onWarmStart: (progress) => warmStart.note(progress),
      signal: starting.signal,
      onReload: () => askReload(configPath, wishes),
      // Once the caller has the answer.
      onRestart: () => void setImmediate(() => wishes.add('restart')),
    });
  } catch (error) {
    if (!starting.signal.aborted) throw error;
    log('info', 'stopped during the start', error === starting.signal.reason ? {} : { cause: String(error) });
    return undefined;
  } finally {
    screen?.clear();
    wishes.stop.removeEventListener('abort', giveUp);
  }
}
