import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { AccessEvent } from './access-event.ts';
import { formatLine, type LogFormat } from './format.ts';

/** How often what has become due is written. */
const TICK_MS = 50;
/** Characters of one write, when a backlog or a pause has made much due at once. */
const WRITE_CHARS_MAX = 1_048_576;

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
  readonly onPresent?: () => void;
  /** Sees every request that is written. */
  readonly watch?: (event: AccessEvent) => void;
}

/**
 * Writes requests when their time has come, what lies in the past at once. Ends with the requests, when the signal
 * comes, or when nobody reads standard output any more. Rejects with the error of node:fs when the file cannot be written.
 */
export async function writeLive(events: Iterator<AccessEvent>, options: LiveOptions): Promise<void> {
  const { format, now, signal, watch } = options;
  let { onPresent } = options;
  let pending = events.next();
  while (!pending.done && !signal.aborted) {
    let text = '';
    const dueMs = now();
    while (!pending.done && pending.value.timeMs <= dueMs && text.length < WRITE_CHARS_MAX) {
      watch?.(pending.value);
      text += formatLine(pending.value, format);
      pending = events.next();
    }
    if (text !== '' && !(await append(options.out, text))) return;
    if (text.length >= WRITE_CHARS_MAX) continue;
    onPresent?.();
    onPresent = undefined;
    if (!pending.done) await pause(signal);
  }
}

/** False when the reader of standard output is gone. */
async function append(out: string, text: string): Promise<boolean> {
  if (out !== '-') {
    await appendFile(out, text);
    return true;
  }
  const { stdout } = process;
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EPIPE') resolve(false);
      else reject(error);
    };
    // A broken pipe reaches the callback and the stream's listeners; one without listeners ends the process.
    stdout.once('error', fail);
    stdout.write(text, (error) => {
      if (error) return fail(error);
      stdout.off('error', fail);
      resolve(true);
    });
  });
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(TICK_MS, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
