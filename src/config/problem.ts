/** What is wrong with a configuration, said so that it can be fixed in one go. */

import { printable } from '../model/text.ts';

/** A key's way from the top of the file: names of maps, indexes of lists. */
export type KeyPath = readonly (string | number)[];

/** One mistake (or, as a warning, one doubt) about one place. */
export interface ConfigProblem {
  readonly file: string;
  /** `detection.z_score`, `logs[1].path`; empty for the file as a whole. */
  readonly path: string;
  /** 1-based; undefined where the place has no line, such as a file that is not there. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly message: string;
  /** The value that was found, cut to a readable length; undefined where it says nothing or is secret. */
  readonly received: string | undefined;
  /** How to fix it. */
  readonly hint: string | undefined;
}

/** `['logs', 1, 'path']` as people write it: `logs[1].path`. */
export function formatKeyPath(path: KeyPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? printable(step) : `.${printable(step)}`;
  }
  return text;
}

/** One line: `FILE:LINE:COLUMN: PATH: message, got VALUE (hint)`. */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, path, message, received, hint } = problem;
  const place = line === undefined ? file : column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
  const got = received === undefined ? '' : `, got ${received}`;
  return `${place}: ${path === '' ? '' : `${path}: `}${message}${got}${hint === undefined ? '' : ` (${hint})`}`;
}

const RECEIVED_LENGTH_MAX = 60;

/**
 * A value as a problem may show it. Undefined for addresses of web hooks and whatever else looks like a URL:
 * a webhook's address is a secret, also when it stands under the wrong key.
 */
export function formatReceived(value: unknown, path: KeyPath): string | undefined {
  if (value === undefined || path.some((step) => typeof step === 'string' && /webhook|secret|token/i.test(step)))
    return undefined;
  const text = printable(JSON.stringify(value) ?? String(value));
  if (/:\/\//.test(text)) return undefined;
  return text.length > RECEIVED_LENGTH_MAX ? `${text.slice(0, RECEIVED_LENGTH_MAX - 1)}…` : text;
}
