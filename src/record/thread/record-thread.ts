/**
 * The thread that writes what zban keeps: the database and the text audit log. A disk that is slow, or takes nothing, keeps that
 * thread waiting, and not the one that follows the logs.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { RecordError } from '../error.ts';
import type { Ask, Call, Outcome } from './call.ts';
import type { RecordService, RecordServiceOptions } from './record-service.ts';
import type { Answer, Question, Refusal } from './record-worker.ts';

/** The thread makes few objects that last; mebibytes. */
const resourceLimits = { maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };

/** The same file beside this one, compiled or not. */
const WORKER = new URL(`./record-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);

export class RecordThread {
  /** Why the database that was there at the start could not be used; it was set aside. */
  readonly damage: string | undefined;
  readonly #worker: Worker;
  /** Who waits for an answer, in the order of the calls. */
  readonly #waiting: ((outcome: Outcome<never>) => void)[] = [];

  /** Rejects with RecordError when the database can neither be opened nor replaced. A bug in the thread ends the process. */
  static async open(options: RecordServiceOptions): Promise<RecordThread> {
    const worker = new Worker(WORKER, { workerData: options, resourceLimits });
    const [first] = (await once(worker, 'message')) as [Answer];
    if (first.ok) return new RecordThread(worker, first.value as string | undefined);
    await worker.terminate();
    throw revive(first.refusal);
  }

  private constructor(worker: Worker, damage: string | undefined) {
    this.#worker = worker;
    this.damage = damage;
    worker.on('error', (error) => {
      throw error;
    });
    worker.on('message', (answer: Answer) => {
      const done = this.#waiting.shift();
      done?.(answer.ok ? { ok: true, value: answer.value as never } : { ok: false, error: revive(answer.refusal) });
    });
  }

  readonly call: Call<RecordService> = (method, argument, done) => {
    this.#waiting.push(done);
    this.#worker.postMessage({ method, argument } satisfies Question<typeof method>);
  };

  /** The same with a promise, which rejects with what was refused. */
  readonly ask: Ask<RecordService> = (method, argument) =>
    new Promise((resolve, reject) => {
      this.call(method, argument, (outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
    });

  /** Closes the files once everything that was asked for is done. */
  async close(): Promise<void> {
    try {
      await this.ask('close', undefined);
    } finally {
      await this.#worker.terminate();
    }
  }
}

function revive({ code, message }: Refusal): RecordError {
  return new RecordError(code, message);
}
