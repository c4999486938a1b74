/** CPU and memory of this process and of the host, for the status and the page. */
import { cpus, freemem, totalmem } from 'node:os';
import type { Status } from '../model/status.ts';

/** Percentages are 0–100; the process's is of one core, so that four busy threads show 400. */
type HostLoad = Pick<Status, 'cpu_percent' | 'memory_bytes' | 'host_cpu_percent' | 'host_memory_percent'>;

export interface LoadSampler {
  /**
   * What was used since the sample before: nobody's samples are a minute apart, those of who asks again and again a few
   * seconds. The numbers of the CPU are 0 until the first of these have passed.
   */
  current(): HostLoad;
  stop(): void;
}

/** Between samples for which nobody asked: to take one costs an idle daemon as much as two of its seconds. */
const UNASKED_MS = 60_000;

/** Starts sampling; its timer is unref'd. While somebody asks, `intervalMs` milliseconds are between samples. */
export function startLoadSampler({ intervalMs = 5000 } = {}): LoadSampler {
  let load: HostLoad = { cpu_percent: 0, host_cpu_percent: 0, ...(memory() ?? NO_MEMORY) };
  let before = { ownUs: ownCpuUs(), atMs: performance.now(), host: hostTicks() };

  const sample = (): void => {
    const now = { ownUs: ownCpuUs(), atMs: performance.now(), host: hostTicks() };
    const own = (now.ownUs - before.ownUs) / 10 / (now.atMs - before.atMs);
    const host = (1 - (now.host.idle - before.host.idle) / (now.host.total - before.host.total)) * 100;
    load = { ...load, cpu_percent: round(own), host_cpu_percent: round(host), ...memory() };
    before = now;
  };

  const timer = setInterval(sample, UNASKED_MS);
  timer.unref();
  return {
    current() {
      if (performance.now() - before.atMs >= intervalMs) sample();
      return load;
    },
    stop: () => clearInterval(timer),
  };
}

type Memory = Pick<HostLoad, 'memory_bytes' | 'host_memory_percent'>;
const NO_MEMORY: Memory = { memory_bytes: 0, host_memory_percent: 0 };

/** libuv's free memory is MemAvailable of proc(5): what programs could get. Undefined while no file can be opened to read it. */
function memory(): Memory | undefined {
  try {
    return { memory_bytes: process.memoryUsage.rss(), host_memory_percent: round((1 - freemem() / totalmem()) * 100) };
  } catch {
    return undefined;
  }
}

function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Time of all cores since boot, milliseconds. */
function hostTicks(): { idle: number; total: number } {
  let [idle, total] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, total };
}

/** One decimal; nothing that is not a number gets into the status. */
const round = (value: number): number => (Number.isFinite(value) ? Math.round(value * 10) / 10 : 0);
