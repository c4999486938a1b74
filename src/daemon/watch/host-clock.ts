/**
 * The wall clock as zban uses it: it runs on steadily while somebody sets it, until `look` has said by how much, so that the ends
 * of bans can move with it. What runs is neither longer nor shorter for a clock that was set.
 */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { TOLERANCE_MS } from '../../model/reconcile.ts';
import { isNumber, isObject, isText } from '../../model/shape.ts';

/** Where times come from, milliseconds. */
export interface ClockSources {
  /** Epoch, as the host has it: anybody may set it. */
  readonly wall: () => number;
  /** Since the host started, times of sleep included (CLOCK_BOOTTIME, clock_gettime(2)). */
  readonly boot: () => number;
  /** Since any moment, the cheapest that never goes back. */
  readonly elapsed: () => number;
}

const HOST: ClockSources = { wall: Date.now, boot: () => uptime() * 1000, elapsed: () => performance.now() };

/** What another start of zban needs to know whether the clock was set in between. */
interface Saved {
  /** Of the host's run; the boot clock begins anew with the next. */
  readonly bootId: string;
  /** The wall clock at the host's start, by what it says now. */
  readonly bootedMs: number;
  /** The newest audit row from before the host's start: ends that are older are meant by the clock that was right then. */
  readonly afterId: number;
}
export const isSaved = isObject({ bootId: isText, bootedMs: isNumber, afterId: isNumber });

export class HostClock {
  private readonly sources: ClockSources;
  private bootedMs: number;
  private anchor: { readonly wallMs: number; readonly elapsedMs: number };
  /** The wall clock less the time elapsed, as it stays while nobody sets the clock and the host does not sleep. */
  private aheadMs: number;

  constructor(sources: ClockSources = HOST) {
    this.sources = sources;
    this.bootedMs = this.findBooted();
    this.anchor = { wallMs: sources.wall(), elapsedMs: sources.elapsed() };
    this.aheadMs = this.anchor.wallMs - this.anchor.elapsedMs;
  }

  /** Epoch milliseconds. */
  readonly now = (): number => Math.round(this.anchor.wallMs + this.sources.elapsed() - this.anchor.elapsedMs);

  /** By how many milliseconds the clock was set forward since the last call, negative for back; 0 where it was not. To be called each second. */
  look(): number {
    const { wall, elapsed } = this.sources;
    this.anchor = { wallMs: wall(), elapsedMs: elapsed() };
    const aheadMs = this.anchor.wallMs - this.anchor.elapsedMs;
    // The boot clock is a file (/proc/uptime), and each second is read by an idle daemon too.
    if (Math.abs(aheadMs - this.aheadMs) <= TOLERANCE_MS) return 0;
    const movedMs = this.findBooted() - this.bootedMs;
    // Leap seconds, and clocks that are not read at one moment.
    const isSet = Math.abs(movedMs) > TOLERANCE_MS;
    this.aheadMs = isSet ? aheadMs : aheadMs - movedMs;
    if (!isSet) return 0;
    this.bootedMs += movedMs;
    return Math.round(movedMs);
  }

  /** The wall clock at the host's start, by what it says now. */
  private findBooted(): number {
    const { wall, boot } = this.sources;
    for (;;) {
      const before = boot();
      const bootedMs = wall() - before;
      // Stopped in between, it would take that for a clock that was set.
      if (boot() - before < TOLERANCE_MS / 2) return bootedMs;
    }
  }

  /** For `resume`. */
  save(bootId: string, afterId: number): Saved {
    return { bootId, bootedMs: this.bootedMs, afterId };
  }

  /** What was saved in this run of the host, with how far the clock was set since; undefined where the host started in between. */
  resume(saved: Saved | undefined, bootId: string): { readonly movedMs: number; readonly afterId: number } | undefined {
    if (bootId === '' || saved?.bootId !== bootId) return undefined;
    const movedMs = Math.round(this.bootedMs - saved.bootedMs);
    return { movedMs: Math.abs(movedMs) <= TOLERANCE_MS ? 0 : movedMs, afterId: saved.afterId };
  }
}

/** Another one with each start of the host (random(4)); empty where the kernel does not say. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}
