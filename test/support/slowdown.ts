/** How much slower than alone this machine lets a test run: what a promise in seconds is held against. */
import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds that a thread had a core, and that it waited for one: Linux, Documentation/scheduler/sched-stats.rst. */
interface Turns {
  readonly ran: number;
  readonly waited: number;
}

/** What reads a file of a process that may end meanwhile. */
function read<T>(file: () => T): T | undefined {
  try {
    return file();
  } catch {
    return undefined;
  }
}

/** Threads of a process and of those that it started. */
function threads(pid: number, found: Map<number, Turns>): Map<number, Turns> {
  for (const tid of read(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
    const at = `/proc/${pid}/task/${tid}`;
    const [ran = 0, waited = 0] = (read(() => readFileSync(`${at}/schedstat`, 'latin1')) ?? '').split(' ').map(Number);
    found.set(Number(tid), { ran, waited });
    const children = read(() => readFileSync(`${at}/children`, 'latin1')) ?? '';
    for (const child of children.split(' ').filter((word) => word !== '')) threads(Number(child), found);
  }
  return found;
}

/**
 * From now on. What it returns says how much longer this process, and all that it started, took than with a core for each thread:
 * 1 where nobody waited, 2 where they waited as long as they ran.
 */
export function watchSlowdown(): () => number {
  const before = threads(process.pid, new Map());
  return () => {
    let [ran, waited] = [0, 0];
    for (const [tid, now] of threads(process.pid, new Map())) {
      const then = before.get(tid) ?? { ran: 0, waited: 0 };
      ran += now.ran - then.ran;
      waited += now.waited - then.waited;
    }
    return 1 + waited / ran;
  };
}
