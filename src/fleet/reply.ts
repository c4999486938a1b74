/** What the server answers, as values of the shapes that Redis documents (https://redis.io/docs/latest/commands/). */
import { messageOf } from '../model/coded-error.ts';
import { isEither, isList, isNull, isText, isTuple, type Shape } from '../model/shape.ts';
import type { Server } from './server.ts';

export const isTexts = isList(isText);
export const isTextOrNull = isEither(isText, isNull);
const isEntry = isTuple(isText, isTexts);
/** Entries of a stream: each with its id, and names and values of its fields. */
export const isEntries = isList(isEntry);
/** XREAD: entries by stream, or none at all. */
export const isStreams = isEither(isNull, isList(isTuple(isText, isEntries)));
/** HSCAN: where to go on, and names and values. */
export const isScan = isTuple(isText, isTexts);

/** An answer of that shape; rejects with any other, which is as good as none. */
export async function replyOf<T>(hasShape: Shape<T>, answer: Promise<unknown>): Promise<T> {
  const reply = await answer;
  if (!hasShape(reply)) throw new Error('the server answers in another form than Redis does');
  return reply;
}

const CAUSE_LENGTH_MAX = 200;

/** Why a connection failed, in one sentence: some answers of Redis are essays. */
export function causeOf(error: unknown): string {
  const [sentence = ''] = messageOf(error).split(/(?<=\.)\s/, 1);
  return sentence.replace(/\.$/, '').slice(0, CAUSE_LENGTH_MAX);
}

/** The server's clock, epoch milliseconds; `key` says which node of a Cluster is asked. */
export async function readClock(server: Server, key: string): Promise<number> {
  const [seconds, micros] = await replyOf(isTuple(isText, isText), server.command(key, ['TIME']));
  return Number(seconds) * 1000 + Number(micros) / 1000;
}
