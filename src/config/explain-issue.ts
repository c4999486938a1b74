/** Turns what the schema refuses into problems an operator can act on. */
import type * as z from 'zod';
import { findClosest } from '../english/closest.ts';
import type { KeyPath } from './problem.ts';
import { knownKeys, listKeys } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** A problem before it is placed in a file. */
export interface Finding {
  readonly path: KeyPath;
  readonly message: string;
  readonly hint?: string | undefined;
  /** False where the value says nothing, such as under an unknown key. */
  readonly showReceived: boolean;
}

/** One finding per mistake; an issue about several unknown keys gives several. */
export function explainIssue(issue: Issue, valueAt: (path: KeyPath) => unknown): readonly Finding[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => explainUnknownKey(path, key));
    case 'invalid_key':
      return [explainUnknownKey(path.slice(0, -1), String(path.at(-1)))];
    case 'invalid_value':
      return [explainChoice(path, issue.values.map(String), valueAt(path))];
    case 'invalid_type':
      return [{ path, ...explainType(issue.expected, valueAt(path)), showReceived: true }];
    case 'too_small':
      return [{ path, message: own(issue) ?? `expected ${bound('least', issue.minimum, issue)}`, showReceived: true }];
    case 'too_big':
      return [{ path, message: own(issue) ?? `expected ${bound('most', issue.maximum, issue)}`, showReceived: true }];
    default:
      return [{ path, message: issue.message, showReceived: true }];
  }
}

/** The schema's own words, where it has some. */
function own(issue: Issue): string | undefined {
  return issue.message.startsWith('expected') ? issue.message : undefined;
}

/** What a bound of a kind of value counts: one of it, and more. */
const UNITS: Readonly<Record<string, readonly [one: string, more: string]>> = {
  string: [' character', ' characters'],
  array: [' entry', ' entries'],
};

function bound(
  end: 'least' | 'most',
  limit: number | bigint,
  issue: { readonly origin: string; readonly inclusive?: boolean | undefined },
): string {
  const [one, more] = UNITS[issue.origin] ?? ['', ''];
  const unit = Number(limit) === 1 ? one : more;
  if (issue.inclusive === false) return `${end === 'least' ? 'more' : 'less'} than ${limit}${unit}`;
  return `at ${end} ${limit}${unit}`;
}

function explainUnknownKey(parent: KeyPath, key: string): Finding {
  const here = knownKeys(parent);
  const close = findClosest(key, here);
  const hint =
    close !== undefined ? `did you mean ${close}?` : (hintElsewhere(key) ?? `known here: ${here.join(', ')}`);
  return { path: [...parent, key], message: 'unknown key', hint, showReceived: false };
}

/** The one key of that name in another section; a name that several have, or that only begins like this one, is no hint. */
function hintElsewhere(key: string): string | undefined {
  const keys = listKeys().filter(({ name }) => Math.abs(name.length - key.length) <= 1);
  const name = findClosest(
    key,
    keys.map((known) => known.name),
  );
  const [only, ...others] = keys.filter((known) => known.name === name);
  return only === undefined || others.length > 0 ? undefined : `did you mean ${only.path}?`;
}

function explainChoice(path: KeyPath, choices: readonly string[], value: unknown): Finding {
  const close = typeof value === 'string' ? findClosest(value, choices) : undefined;
  const hint = close === undefined ? undefined : `did you mean ${close}?`;
  return { path, message: `expected one of ${choices.join(', ')}`, hint, showReceived: true };
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};

function explainType(expected: string, value: unknown): { message: string; hint: string | undefined } {
  if (value === undefined) return { message: 'is missing', hint: undefined };
  const message = `expected ${TYPES[expected] ?? expected}`;
  if (expected === 'array' && typeof value === 'string')
    return { message, hint: 'the entries of a list each start with -' };
  if (expected === 'string' && typeof value === 'number') return { message, hint: 'put it in quotes' };
  if ((expected === 'number' || expected === 'int') && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))
    return { message, hint: 'write it without quotes' };
  if (expected === 'boolean' && typeof value === 'string')
    return { message, hint: 'YAML 1.2 knows only true and false' };
  return { message, hint: undefined };
}
