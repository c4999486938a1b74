/** The record thread: carries out what the daemon asks for, in its order. Loads as little as that takes. */
import { parentPort, workerData } from 'node:worker_threads';
import { RecordError, type RecordErrorCode, toRecordError } from '../error.ts';
import { RecordService, type RecordServiceOptions } from './record-service.ts';

/** What `RecordThread` asks for. */
export interface Question {
  readonly method: string;
  readonly argument: unknown;
}

/** A RecordError as it crosses threads. */
export interface Refusal {
  readonly code: RecordErrorCode;
  readonly message: string;
}

/** In the order of the questions; the first is nobody's: why the database at the start could not be used, if there was one. */
export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refusal: Refusal };

const options = workerData as RecordServiceOptions;

function answer(run: () => unknown): void | Promise<void> {
  const refuse = (error: unknown) => {
    const failure = toRecordError(error, options.database);
    // A bug: it ends the thread, and with it the daemon.
    if (!(failure instanceof RecordError)) throw failure;
    const { code, message } = failure;
    parentPort?.postMessage({ ok: false, refusal: { code, message } } satisfies Answer);
  };
  const tell = (value: unknown) => parentPort?.postMessage({ ok: true, value } satisfies Answer);
  try {
    const value = run();
    if (value instanceof Promise) return value.then(tell, refuse);
    tell(value);
  } catch (error) {
    refuse(error);
  }
}

/** Loads what cuts rows when the first have to be. */
async function prepare(service: RecordService, { method, argument }: Question): Promise<void> {
  if (service.cutRows || method !== 'write') return;
  if ((argument as Parameters<RecordService['write']>[0]).prunes)
    service.cutRows = (await import('../chain/prune.ts')).cutRows;
}

function serve(service: RecordService): void {
  const methods = service as unknown as Record<string, (argument: unknown) => unknown>;
  let turn = Promise.resolve();
  parentPort?.on('message', (question: Question) => {
    turn = turn
      .then(() => prepare(service, question))
      .then(() => answer(() => methods[question.method]?.(question.argument)));
  });
}

answer(() => {
  const service = RecordService.open(options);
  serve(service);
  return service.damage;
});
