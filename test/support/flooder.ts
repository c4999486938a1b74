/** Runs flood.ts inside a namespace and listens to its reports. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FloodReport } from './flood.ts';
import { DEADLINE_MS } from './until.ts';

const PROGRAM = fileURLToPath(new URL('./flood.ts', import.meta.url));

export interface FloodOptions {
  readonly url: string;
  readonly rateRps: number;
  /** Puts the command into a namespace, as `network.prefix('client')` does; it must replace itself by the command. */
  readonly prefix?: readonly string[];
  /** Without it the flood lasts until `stop`. */
  readonly seconds?: number;
  /** Source addresses, in turns. */
  readonly bind?: readonly string[];
  readonly method?: string;
  /** A connection for every request instead of kept ones. */
  readonly isFresh?: boolean;
  /** Patience with one request, default 1000. */
  readonly timeoutMs?: number;
  /** Requests that wait for an answer at the same time; those beyond are not made. Default ten seconds' worth. */
  readonly pendingMax?: number;
}

export interface Flood {
  /** The newest report, undefined before the first. */
  latest(): FloodReport | undefined;
  /** The first report from now on (the newest included) that satisfies the condition; rejects at the deadline or the end. */
  until(what: string, condition: (report: FloodReport) => boolean, deadlineMs?: number): Promise<FloodReport>;
  /** The last report of a flood that ends by itself. */
  ended(): Promise<FloodReport>;
  /** Ends the flood and returns its last report. */
  stop(): Promise<FloodReport>;
}

/** Starts a flood; the first requests leave within a fraction of a second. */
export function startFlood(options: FloodOptions): Flood {
  const command = [
    ...(options.prefix ?? []),
    process.execPath,
    PROGRAM,
    options.url,
    '--rate',
    String(options.rateRps),
    '--timeout-ms',
    String(options.timeoutMs ?? 1000),
  ];
  if (options.seconds !== undefined) command.push('--seconds', String(options.seconds));
  if (options.pendingMax !== undefined) command.push('--pending', String(options.pendingMax));
  if (options.method !== undefined) command.push('--method', options.method);
  if (options.isFresh) command.push('--fresh');
  for (const address of options.bind ?? []) command.push('--bind', address);
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  let latest: FloodReport | undefined;
  const listeners = new Set<(report: FloodReport) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const report = JSON.parse(line) as FloodReport;
    latest = report;
    for (const listener of listeners) listener(report);
  });
  const closed = once(child, 'close');
  const ended = async (): Promise<FloodReport> => {
    const [code, signal] = await closed;
    if (latest?.event === 'end') return latest;
    throw new Error(`the flood ended without a last word (code ${code}, signal ${signal})`);
  };
  const until: Flood['until'] = (what, condition, deadlineMs = DEADLINE_MS) =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(deadline);
        listeners.delete(listen);
      };
      const fail = (reason: string): void => {
        leave();
        reject(new Error(`${what}: ${reason}; last report ${JSON.stringify(latest)}`));
      };
      const listen = (report: FloodReport): void => {
        if (condition(report)) {
          leave();
          resolve(report);
        } else if (report.event === 'end') fail('the flood ended');
      };
      const deadline = setTimeout(() => fail(`not within ${deadlineMs} ms`), deadlineMs);
      void closed.then(() => listeners.has(listen) && fail('the flood ended'));
      listeners.add(listen);
      if (latest) listen(latest);
    });
  const stop = (): Promise<FloodReport> => {
    child.kill('SIGTERM');
    return ended();
  };
  return { latest: () => latest, until, ended, stop };
}
