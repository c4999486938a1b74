/** Data on standard output, talk on standard error. */
import { safeJson } from './text.ts';

export interface Output {
  /** One or more lines of data. */
  data(text: string): void;
  /** One JSON value on one line. */
  json(value: unknown): void;
  /** One or more lines for the person. */
  talk(text: string): void;
}

/** Anything that takes text, such as `process.stdout`. */
export interface Sink {
  write(text: string): unknown;
}

export function createOutput(stdout: Sink, stderr: Sink): Output {
  return {
    data: (text) => void stdout.write(`${text}\n`),
    json: (value) => void stdout.write(`${safeJson(value)}\n`),
    talk: (text) => void stderr.write(`${text}\n`),
  };
}
