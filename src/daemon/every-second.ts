/** What is done each second is done in one go: to wake an idle process up costs as much as most of that. */

const runs = new Set<() => void>();
let timer: NodeJS.Timeout | undefined;

/** See EverySecond. Keeps no process alive. */
export function everySecond(run: () => void): () => void {
  runs.add(run);
  timer ??= setInterval(() => {
    for (const run of runs) run();
  }, 1000).unref();
  return () => {
    runs.delete(run);
    if (runs.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
