/** How much slower than alone this machine lets a program run at the moment: what a promise in seconds is held against. */

/** Processor time that is long enough to see how the scheduler shares the cores. */
const WORK_MS = 200;

/** Wall time over processor time of a busy thread: 1 on a free core, 2 where two share it. */
export function slowdown(): number {
  const [startMs, before] = [performance.now(), process.threadCpuUsage()];
  const usedMs = () => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  while (usedMs() < WORK_MS);
  return Math.max(1, (performance.now() - startMs) / usedMs());
}
