/** CPU and memory of this process and of the host, for the status and the page. */
import systeminformation from 'systeminformation';

/** Fields of the status. Percentages are 0–100; the process's is of one core, so that four busy threads show 400. */
interface HostLoad {
  readonly cpu_percent: number;
  readonly memory_bytes: number;
  readonly host_cpu_percent: number;
  readonly host_memory_percent: number;
}

export interface LoadSampler {
  /** The newest sample; the host's numbers are 0 until the first one is there, within a second of the start. */
  current(): HostLoad;
  stop(): void;
}

export interface LoadOptions {
  /** Milliseconds between samples; one costs 2 to 3 ms of CPU. Default 5000. */
  readonly intervalMs?: number;
  /** Told once when the host's numbers cannot be read; they stay 0 then. */
  readonly onFailure?: (error: unknown) => void;
}

/** Starts sampling; its timer is unref'd. */
export function startLoadSampler({ intervalMs = 5000, onFailure }: LoadOptions = {}): LoadSampler {
  let host = { host_cpu_percent: 0, host_memory_percent: 0 };
  let cpuPercent = 0;
  let lastCpu = process.cpuUsage();
  let lastMs = performance.now();
  let failed = false;
  let sampling = false;

  const sample = async (): Promise<void> => {
    if (sampling) return;
    sampling = true;
    const spent = process.cpuUsage(lastCpu);
    const elapsedMs = performance.now() - lastMs;
    // The first look comes right after the start, over too short a time to say anything.
    if (elapsedMs > 100) {
      cpuPercent = (spent.user + spent.system) / 10 / elapsedMs;
      lastCpu = process.cpuUsage();
      lastMs = performance.now();
    }
    try {
      const [load, memory] = await Promise.all([systeminformation.currentLoad(), systeminformation.mem()]);
      const used = memory.total > 0 ? 1 - memory.available / memory.total : 0;
      host = { host_cpu_percent: round(load.currentLoad), host_memory_percent: round(used * 100) };
    } catch (error) {
      if (!failed) onFailure?.(error);
      failed = true;
    } finally {
      sampling = false;
    }
  };

  const timer = setInterval(() => void sample(), intervalMs);
  timer.unref();
  void sample();
  return {
    current: () => ({ cpu_percent: round(cpuPercent), memory_bytes: process.memoryUsage.rss(), ...host }),
    stop: () => clearInterval(timer),
  };
}

/** One decimal; nothing that is not a number gets into the status. */
const round = (value: number): number => (Number.isFinite(value) ? Math.round(value * 10) / 10 : 0);
