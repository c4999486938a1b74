/** Writes requests as lines of a log: all of them, or each when its time has come. */
import { createWriteStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { codeOf } from '../model/coded-error.ts';
import type { AccessEvent } from './access-event.ts';
import { formatLine, type LogFormat } from './format.ts';

/** Characters collected before they are handed on: large enough that the hand-over costs nothing per line. */
const CHUNK_CHARS = 262_144;
/** How often what has become due is written. */
const TICK_MS = 50;

/**
 * Writes the requests to a file, replacing it, gzipped when its name ends in `.gz`, or to standard output for `-`.
 * Never holds more than a few chunks: a slow disk slows the simulation. `watch` sees every request on its way.
 * A reader that closes standard output early ends the writing without an error; a file that cannot be written rejects
 * with the error of node:fs. Bytes are told as they are before compression.
 */
export async function writeSimulation(
  events: Iterable<AccessEvent>,
  out: string,
  format: LogFormat,
  watch: (event: AccessEvent) => void = () => {},
): Promise<{ readonly lines: number; readonly bytes: number }> {
  const written = { lines: 0, bytes: 0 };
  const chunks = function* (): Generator<Buffer> {
    let text = '';
    const take = (): Buffer => {
      const chunk = Buffer.from(text, 'utf8');
      written.bytes += chunk.length;
      text = '';
      return chunk;
    };
    for (const event of events) {
      watch(event);
      written.lines++;
      text += formatLine(event, format);
      if (text.length >= CHUNK_CHARS) yield take();
    }
    if (text !== '') yield take();
  };
  const source = Readable.from(chunks(), { objectMode: true, highWaterMark: 2 });
  if (out === '-') await toStandardOutput(source);
  else if (out.endsWith('.gz')) await pipeline(source, createGzip({ level: 6 }), createWriteStream(out));
  else await pipeline(source, createWriteStream(out));
  return written;
}

/** Where and when a live simulation writes. */
export interface LiveOptions {
  /** A file that is appended to, and opened anew for every write so that rotation needs no signal; `-` is standard output. */
  readonly out: string;
  readonly format: LogFormat;
  /** Epoch milliseconds of the wall clock. */
  readonly now: () => number;
  /** Ends the writing, without an error. */
  readonly signal: AbortSignal;
  /** Called once all of the past is written. */
  readonly onPresent: () => void;
  /** Sees every request that is written. */
  readonly watch: (event: AccessEvent) => void;
}

/**
 * Writes requests when their time has come, what lies in the past at once. Ends with the requests, when the signal
 * comes, or when nobody reads standard output any more. Rejects with the error of node:fs when the file cannot be written.
 */
export async function writeLive(events: Iterator<AccessEvent>, options: LiveOptions): Promise<void> {
  const { out } = options;
  if (out === '-') return toStandardOutput(Readable.from(linesDue(events, options), { highWaterMark: 1 }));
  for await (const text of linesDue(events, options)) await appendFile(out, text);
}

/** The lines whose time has come, a bounded piece at a time. */
async function* linesDue(
  events: Iterator<AccessEvent>,
  { format, now, signal, onPresent, watch }: LiveOptions,
): AsyncGenerator<string> {
  let isPast = true;
  let pending = events.next();
  while (!pending.done && !signal.aborted) {
    let text = '';
    const dueMs = now();
    while (!pending.done && pending.value.timeMs <= dueMs && text.length < CHUNK_CHARS) {
      watch(pending.value);
      text += formatLine(pending.value, format);
      pending = events.next();
    }
    if (text !== '') yield text;
    if (text.length >= CHUNK_CHARS) continue;
    if (isPast) onPresent();
    isPast = false;
    if (!pending.done) await delay(TICK_MS, undefined, { signal }).catch(() => {});
  }
}

/** Ends without an error when nobody reads it any more. */
async function toStandardOutput(source: Readable): Promise<void> {
  try {
    await pipeline(source, process.stdout, { end: false });
  } catch (error) {
    if (codeOf(error) !== 'EPIPE') throw error;
  }
}
