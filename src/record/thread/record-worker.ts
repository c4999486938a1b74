/** The record thread: carries out what the daemon asks for, in its order. Loads as little as that takes. */
import { parentPort, workerData } from 'node:worker_threads';
import { RecordError, type RecordErrorCode, toRecordError } from '../error.ts';
import type { Arguments } from './call.ts';
import { RecordService, type RecordServiceOptions } from './record-service.ts';

type Work = Arguments<RecordService>;

/** What `RecordThread` asks for. */
export type Question<K extends keyof Work = keyof Work> = {
  [M in K]: { readonly method: M; readonly argument: Work[M] };
}[K];

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
  if (method === 'write' && argument.prunes) service.cutRows ??= (await import('../chain/prune.ts')).cutRows;
}

function carryOut<K extends keyof Work>(
  methods: { readonly [M in keyof Work]: (argument: Work[M]) => unknown },
  { method, argument }: Question<K>,
): unknown {
  return methods[method](argument);
}

function serve(service: RecordService): void {
  let turn = Promise.resolve();
  parentPort?.on('message', (question: Question) => {
    turn = turn.then(() => prepare(service, question)).then(() => answer(() => carryOut(service, question)));
  });
}

answer(() => {
  const service = RecordService.open(options);
  serve(service);
  return service.damage;
});
