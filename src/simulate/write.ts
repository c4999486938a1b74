import { createWriteStream } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { AccessEvent } from './access-event.ts';
import { formatLine, type LogFormat } from './format.ts';

/** Characters collected before they are handed on: large enough that the hand-over costs nothing per line. */
const CHUNK_CHARS = 262_144;

/** What was written. */
export interface Written {
  readonly lines: number;
  /** Before compression. */
  readonly bytes: number;
}

/**
 * Writes the requests to a file, replacing it, gzipped when its name ends in `.gz`, or to standard output for `-`.
 * Never holds more than a few chunks: a slow disk slows the simulation. `watch` sees every request on its way.
 * A reader that closes standard output early ends the writing without an error; a file that cannot be written rejects
 * with the error of node:fs.
 */
export async function writeSimulation(
  events: Iterable<AccessEvent>,
  out: string,
  format: LogFormat,
  watch: (event: AccessEvent) => void = () => {},
): Promise<Written> {
  const written = { lines: 0, bytes: 0 };
  const watched = (event: AccessEvent): void => {
    written.lines++;
    watch(event);
  };
  const source = Readable.from(chunks(events, format, watched, written), { objectMode: true, highWaterMark: 2 });
  if (out === '-') await toReader(source, process.stdout);
  else if (out.endsWith('.gz')) await pipeline(source, createGzip({ level: 6 }), createWriteStream(out));
  else await pipeline(source, createWriteStream(out));
  return written;
}

function* chunks(
  events: Iterable<AccessEvent>,
  format: LogFormat,
  watch: (event: AccessEvent) => void,
  written: { bytes: number },
): Generator<Buffer> {
  let text = '';
  for (const event of events) {
    watch(event);
    text += formatLine(event, format);
    if (text.length < CHUNK_CHARS) continue;
    yield encode(text, written);
    text = '';
  }
  if (text !== '') yield encode(text, written);
}

function encode(text: string, written: { bytes: number }): Buffer {
  const chunk = Buffer.from(text, 'utf8');
  written.bytes += chunk.length;
  return chunk;
}

async function toReader(source: Readable, reader: Writable): Promise<void> {
  try {
    await pipeline(source, reader, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
