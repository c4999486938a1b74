/**
 * Commands of zban in a thread of the test, which waits for each as it would for a process: a test that asks a hundred
 * times would spend most of its time on starting Node.js.
 */
import { once } from 'node:events';
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
    const sink = (name: keyof typeof written) => ({ write: (text: string) => (written[name] += text) });
    const status = await runCommandLine(words, 'test', { stdout: sink('stdout'), stderr: sink('stderr'), env });
    port.postMessage({ status, ...written } satisfies CommandResult);
    Atomics.add(answered, 0, 1);
    Atomics.notify(answered, 0);
  }
}

if (!isMainThread && parentPort && (workerData as Partial<Thread> | null)?.answered) void serve(workerData as Thread);
