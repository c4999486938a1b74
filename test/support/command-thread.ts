/**
 * Commands of zban in a thread of the test, which waits for each as it would for a process: a test that asks a hundred
 * times would spend most of its time on starting Node.js.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  isMainThread,
  MessageChannel,
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  Worker,
  workerData,
} from 'node:worker_threads';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { DEADLINE_MS } from './until.ts';

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Command {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Thread {
  readonly port: MessagePort;
  /** Counts answers; the waiting thread sleeps on it. */
  readonly answered: Int32Array;
}

let thread: Thread | undefined;

/** Settled when the command before has ended. */
let turn: Promise<unknown> = Promise.resolve();

/** Runs one command and waits for it, like spawnSync; it must be one that ends by itself. */
export function runInThread(words: readonly string[], env: Command['env']): CommandResult {
  thread ??= startThread();
  const { port, answered } = thread;
  const before = Atomics.load(answered, 0);
  port.postMessage({ words, env } satisfies Command);
  Atomics.wait(answered, 0, before, DEADLINE_MS);
  const received = receiveMessageOnPort(port);
  if (!received) throw new Error(`zban ${words.join(' ')} did not end within ${DEADLINE_MS} ms`);
  return received.message as CommandResult;
}

/** The same like execFile: what the command asks may be in this thread. */
export function runBesideTest(words: readonly string[], env: Command['env']): Promise<CommandResult> {
  const ran = turn.then(async () => {
    thread ??= startThread();
    const { port } = thread;
    port.ref();
    port.postMessage({ words, env } satisfies Command);
    try {
      const [result] = await once(port, 'message', { signal: AbortSignal.timeout(DEADLINE_MS) });
      return result as CommandResult;
    } catch (error) {
      thread = undefined;
      throw new Error(`zban ${words.join(' ')} did not end within ${DEADLINE_MS} ms`, { cause: error });
    } finally {
      port.unref();
    }
  });
  turn = ran.catch(() => {});
  return ran;
}

function startThread(): Thread {
  const { port1: port, port2: theirs } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const data = { port: theirs, answered };
  const worker = new Worker(new URL(import.meta.url), { workerData: data, transferList: [theirs] });
  worker.unref();
  port.unref();
  return { port, answered };
}

async function serve({ port, answered }: Thread): Promise<void> {
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

if (!isMainThread && parentPort && (workerData as Partial<Thread> | null)?.answered) void serve(workerData as Thread);
