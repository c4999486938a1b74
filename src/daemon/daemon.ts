/** `zban run`: one instance after another. A reload builds a new one from the new configuration; the records stay open. */
import type { LoadedConfig } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import { ControlServer } from '../control/server.ts';
import { HttpServer } from '../http/server.ts';
import { messageOf } from '../model/coded-error.ts';
import type { Log } from '../model/log.ts';
import { everySecond } from './every-second.ts';
import { type Instance, startInstance } from './instance.ts';
import type { KeptParts } from './instance-parts.ts';
import { createLog } from './log.ts';
import { SystemdNotifier } from './notify-systemd.ts';
import { type ConfigInForce, readConfig } from './read-config.ts';
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
  const daemon = new Daemon(configPath, wishes, screen);
  try {
    await daemon.run(loaded);
    return 0;
  } finally {
    await daemon.close();
  }
}

/** One instance after another. */
class Daemon {
  private readonly configPath: string;
  private readonly wishes: Wishes;
  private readonly screen: StartScreen | undefined;
  private readonly kept: KeptParts;
  /** Why the newest configuration is not in force. */
  private refused: string | undefined;

  constructor(configPath: string, wishes: Wishes, screen: StartScreen | undefined) {
    this.configPath = configPath;
    this.wishes = wishes;
    this.screen = screen;
    const write = createLog();
    const log: Log = (...line) => {
      screen?.clear();
      write(...line);
    };
    const systemd = new SystemdNotifier({ log });
    const [totals, clock, control] = [new RunTotals(), new HostClock(), new ControlServer({ log, everySecond })];
    this.kept = { log, systemd, handover: {}, totals, clock, control, dashboard: new HttpServer() };
  }

  /** Resolves after an orderly stop. */
  async run(first: ConfigInForce): Promise<void> {
    const { wishes } = this;
    const { log, systemd } = this.kept;
    let loaded = first;
    let instance = await this.start(loaded, 'start');
    while (instance) {
      systemd.ready(instance.summary());
      const wish = await wishes.next();
      if (wish === 'stop') {
        systemd.stopping();
        return instance.stop('stop');
      }
      const next = wish === 'restart' ? loaded : await this.readAgain();
      // What was read, or broke off, no longer matters.
      if (wishes.stop.aborted) continue;
      if (typeof next === 'string') {
        this.refused = next;
        instance.refuseReload(next);
        continue;
      }
      if (wish === 'reload') this.refused = undefined;
      systemd.reloading();
      await instance.stop('reload');
      try {
        instance = await this.start(next, 'reload');
        loaded = next;
      } catch (error) {
        // The new configuration reads well but does not work here: the old one did.
        const problem = messageOf(error);
        log('error', `the new configuration does not work, going on with the old one: ${problem}`);
        instance = await this.start(loaded, 'reload');
        this.refused = problem;
        instance?.refuseReload(problem);
      }
    }
  }

  async close(): Promise<void> {
    const { control, dashboard, handover, systemd, log } = this.kept;
    await dashboard.close();
    await control.close();
    const lost = handover.store?.trail.status.backlog ?? 0;
    await handover.store?.close();
    if (lost > 0) log('error', `${lost} audit rows are lost: no disk took them`);
    await systemd.close();
  }

  /** A reload asked for over the socket: a bad configuration is refused at once, a good one is taken up right after the answer. */
  private async askReload(): Promise<{ ok: boolean; message: string }> {
    const next = await this.readAgain();
    if (typeof next === 'string') return { ok: false, message: next };
    setImmediate(() => this.wishes.add('reload'));
    return { ok: true, message: `reloading ${this.configPath}` };
  }

  /** What is wrong with it, in words, where it cannot be in force. */
  private async readAgain(): Promise<ConfigInForce | string> {
    try {
      const read = await readConfig(this.configPath, this.wishes.stop);
      return read.ok ? read : describe(read);
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Undefined when a stop was wanted before the start was through: nothing is left of it then. */
  private async start(loaded: ConfigInForce, startReason: 'start' | 'reload'): Promise<Instance | undefined> {
    const { wishes, screen, kept } = this;
    const { log, systemd } = kept;
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
        ...{ ...kept, loaded, startReason, refused: this.refused, signal: starting.signal },
        onWarmStart: (progress) => warmStart.note(progress),
        onReload: () => this.askReload(),
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
}
