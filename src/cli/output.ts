/** Data on standard output, talk on standard error. */
import { columnsOf } from './style.ts';
import { foldLine, safeJson } from './text.ts';

export interface Output {
  /** One or more lines of data. */
  data(text: string): void;
  /** The same as sentences, folded between words where a terminal is narrow. */
  say(text: string): void;
  /** One JSON value on one line. */
  json(value: unknown): void;
  /** One or more lines for the person, folded alike. */
  talk(text: string): void;
}

/** Anything that takes text, such as `process.stdout`. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export function createOutput(stdout: Sink, stderr: Sink): Output {
  const fold = (text: string, sink: Sink) =>
    text
      .split('\n')
      .map((line) => foldLine(line, columnsOf(sink)))
      .join('\n');
  return {
    data: (text) => void stdout.write(`${text}\n`),
    json: (value) => void stdout.write(`${safeJson(value)}\n`),
    say: (text) => void stdout.write(`${fold(text, stdout)}\n`),
    talk: (text) => void stderr.write(`${fold(text, stderr)}\n`),
  };
}
