/** The thread of command-thread.ts: runs the built command line, one command after the other. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type MessagePort, workerData } from 'node:worker_threads';
import type { runCommandLine as RunCommandLine } from '../../src/cli/command-line.ts';
import type { CommandResult } from './command-thread.ts';

export interface Command {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface CommandThreadData {
  readonly port: MessagePort;
  /** Counts answers; the waiting thread sleeps on it. */
  readonly answered: Int32Array;
  /** URL of the module with `runCommandLine`. */
  readonly commandLine: string;
}

async function serve({ port, answered, commandLine }: CommandThreadData): Promise<void> {
  const { runCommandLine } = (await import(commandLine)) as { readonly runCommandLine: typeof RunCommandLine };
  for (;;) {
    const [{ words, env }] = (await once(port, 'message')) as [Command];
    const written = { stdout: '', stderr: '' };
    const open = process.getActiveResourcesInfo().length;
    const sink = (name: keyof typeof written) => ({ write: (text: string) => (written[name] += text) });
    const status = await runCommandLine(words, 'test', { stdout: sink('stdout'), stderr: sink('stderr'), env });
    // What is left open would keep a process from ending.
    while (process.getActiveResourcesInfo().length > open) await delay(1);
    port.postMessage({ status, ...written } satisfies CommandResult);
    Atomics.add(answered, 0, 1);
    Atomics.notify(answered, 0);
  }
}

void serve(workerData as CommandThreadData);
