/**
 * Commands of zban in a thread of the test, which waits for each as it would for a process: a test that asks a hundred
 * times would spend most of its time on starting Node.js.
 */
import { once } from 'node:events';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { COMMAND_LINE } from './built.ts';
import type { Command, CommandThreadData } from './command-worker.ts';
import { DEADLINE_MS } from './until.ts';

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
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
  port.postMessage({ words, env } satisfies Command);
  const deadline = performance.now() + DEADLINE_MS;
  for (let leftMs = DEADLINE_MS; leftMs > 0; leftMs = deadline - performance.now()) {
    const before = Atomics.load(answered, 0);
    const received = receiveMessageOnPort(port);
    if (received) return received.message as CommandResult;
    // May be woken by the count of an answer before, which `runBesideTest` had as soon as it was sent.
    Atomics.wait(answered, 0, before, leftMs);
  }
  throw new Error(`zban ${words.join(' ')} did not end within ${DEADLINE_MS} ms`);
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
  const data: CommandThreadData = { port: theirs, answered, commandLine: COMMAND_LINE };
  const worker = new Worker(new URL('./command-worker.ts', import.meta.url), {
    workerData: data,
    transferList: [theirs],
  });
  worker.unref();
  port.unref();
  return { port, answered };
}
