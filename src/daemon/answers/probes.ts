/** Whether zban is alive and whether it is ready, for monitors; what goes wrong beside that is a trouble (troubles.ts). */

import type { Probes } from '../../http/server.ts';
import type { LogStatus } from '../../model/status.ts';

/** The data plane moves every second, every ten where nothing happens, and while it learns with every piece that it reads. The service's watchdog waits twice as long. */
const STALL_MS = 30_000;

export interface ProbesOptions {
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
  /** Everything has started and nothing stops. */
  readonly isLive: () => boolean;
  readonly logs: () => readonly LogStatus[];
}

export class DaemonProbes implements Probes {
  private readonly options: ProbesOptions;
  /** Undefined until it first moved: what comes before takes as long as the firewall takes. */
  private movedMs: number | undefined;

  constructor(options: ProbesOptions) {
    this.options = options;
  }

  /** The data plane has moved. */
  noteProgress(): void {
    this.movedMs = this.options.now();
  }

  findStall(): string | undefined {
    const nowMs = this.options.now();
    const stalledMs = nowMs - (this.movedMs ?? nowMs);
    return stalledMs > STALL_MS ? `the data plane has not moved for ${Math.round(stalledMs / 1000)} s` : undefined;
  }

  findUnready(): string | undefined {
    const { isLive, logs } = this.options;
    if (!isLive()) return 'starting or stopping: nothing is judged';
    const followed = logs();
    if (followed.some(({ state }) => state === 'following')) return undefined;
    return ['no log is followed', ...followed.map(({ path, state }) => `${path}: ${state}`)].join('\n');
  }
}
