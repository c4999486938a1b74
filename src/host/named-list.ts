/** Lists of networks that others publish: shipped with zban as dated files, replaceable by a file of the operator's. */
import { readFileSync } from 'node:fs';
import { messageOf } from '../model/coded-error.ts';
import { BITS_MIN, explainHostBits, type Prefix, parsePrefix } from '../net/prefix.ts';

/** A list that can't be used; the message says where and why. */
export class NamedListError extends Error {
  override readonly name = 'NamedListError';
}

export interface ListFormat<T> {
  /** More lines than this are some other file. */
  readonly linesMax: number;
  /** Undefined for a value that makes no sense. */
  readonly parse: (name: string, value: string) => T | undefined;
  /** What a line looks like, for the error. */
  readonly expected: string;
}

/** What is said of an operator's list. */
export interface ListReports {
  /** It can't be used, in words. */
  readonly onTrouble?: (message: string) => void;
  /** It is used, but one of its lines may mean something else. */
  readonly onDoubt?: (message: string) => void;
}

/**
 * Reads `NAME VALUE` lines; blank ones and those that begin with # don't count. Networks that were written with host bits
 * are one doubt, with the first of them. Throws NamedListError.
 */
export function loadNamedList<T>(
  path: string,
  { linesMax, parse, expected }: ListFormat<T>,
  onDoubt?: ListReports['onDoubt'],
): T[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new NamedListError(`cannot read ${path}: ${messageOf(error)}`);
  }
  const entries: T[] = [];
  const doubts: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const [name = '', value = '', extra] = content.split(/\s+/);
    const entry = extra === undefined ? parse(name, value) : undefined;
    if (entry === undefined) throw new NamedListError(`${path}, line ${index + 1}: expected ${expected}`);
    if (entries.length === linesMax) throw new NamedListError(`${path} has more than ${linesMax} lines`);
    entries.push(entry);
    const doubt = explainHostBits(value, 'means');
    if (doubt !== undefined) doubts.push(`${path}, line ${index + 1}: ${value} ${doubt}`);
  }
  const [first, ...others] = doubts;
  const more = others.length === 0 ? '' : `; so ${others.length === 1 ? 'does' : 'do'} ${others.length} more`;
  if (first !== undefined) onDoubt?.(first + more);
  return entries;
}

/** The operator's list where one is named and can be used, else the one that comes with zban; what is wrong with the first is reported. */
export function loadOwnOr<T>(
  own: string | undefined,
  shipped: string,
  load: (path: string, onDoubt?: ListReports['onDoubt']) => T,
  { onTrouble, onDoubt }: ListReports,
): T {
  try {
    if (own !== undefined) return load(own, onDoubt);
  } catch (error) {
    if (!(error instanceof NamedListError)) throw error;
    onTrouble?.(error.message);
  }
  return load(shipped);
}

/** A network that somebody may have published; undefined for text that is none, or far too wide. */
export function parsePublished(text: string): Prefix | undefined {
  const prefix = parsePrefix(text);
  return prefix && prefix.bits >= BITS_MIN[prefix.family] ? prefix : undefined;
}
