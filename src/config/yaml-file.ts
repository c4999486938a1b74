/** Reads one YAML file into plain values and remembers where each key stands. */
import { closeSync, lstatSync, openSync, readSync } from 'node:fs';
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument, visit, type YAMLError } from 'yaml';
import { codeOf, messageOf } from '../model/coded-error.ts';
import { isRecord } from '../model/shape.ts';
import { type ConfigProblem, formatKeyPath, type KeyPath } from './problem.ts';

/** Where a key or list entry stands, 1-based. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface YamlFile {
  /** What the file sets; a key without a value counts as not set. */
  readonly value: Readonly<Record<string, unknown>>;
  /** By `formatKeyPath`. */
  readonly positions: ReadonlyMap<string, Position>;
  readonly problems: readonly ConfigProblem[];
}

/** A configuration of hand-written keys is a few kilobytes; an allowlist may be longer. */
const FILE_BYTES_MAX = 4_194_304;
const DEPTH_MAX = 16;
const READ_BYTES = 65_536;
/** The byte order marks with which some editors begin it. */
const UTF16_MARKS = ['\xff\xfe', '\xfe\xff'];

/** Reads YAML 1.2 (https://yaml.org/spec/1.2.2/). Never throws: whatever is wrong is in `problems`. */
export function loadYamlFile(file: string): YamlFile {
  try {
    const bytes = readUpTo(file, FILE_BYTES_MAX + 1);
    if (bytes.length > FILE_BYTES_MAX) return failed(file, `is longer than the ${FILE_BYTES_MAX} bytes allowed`);
    if (UTF16_MARKS.includes(bytes.toString('latin1', 0, 2))) return failed(file, 'is UTF-16', 'save it as UTF-8');
    return parseYaml(file, bytes.toString('utf8'));
  } catch (error) {
    return failed(file, ...explainReadError(file, error));
  }
}

/** The first bytes: what is no regular file, such as /dev/zero, says no size and may have no end. */
function readUpTo(file: string, bytesMax: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let bytes = 0; bytes < bytesMax; ) {
      const piece = Buffer.alloc(Math.min(READ_BYTES, bytesMax - bytes));
      const read = readSync(descriptor, piece);
      if (read === 0) break;
      pieces.push(piece.subarray(0, read));
      bytes += read;
    }
    return Buffer.concat(pieces);
  } finally {
    closeSync(descriptor);
  }
}

function explainReadError(file: string, error: unknown): [string, string] {
  switch (codeOf(error)) {
    case 'ENOENT':
      if (lstatSync(file, { throwIfNoEntry: false }))
        return ['is a symbolic link to what is not there', 'point it at a file, or remove it'];
      return ['there is no such file', 'name another with --config FILE, or run scripts/install'];
    case 'EACCES':
      return ['may not be read', 'run it with sudo'];
    case 'EISDIR':
      return ['is a directory', 'name the file in it'];
    default:
      return [`cannot be read: ${messageOf(error)}`, 'see the message'];
  }
}

function failed(file: string, message: string, hint?: string): YamlFile {
  const problem = { file, path: '', line: undefined, column: undefined, message, received: undefined, hint };
  return { value: {}, positions: new Map(), problems: [problem] };
}

/** The text of `file` as values; `file` only names it in problems. */
export function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  // prettyErrors would quote the line, which may hold a secret.
  const document = parseDocument(text, { version: '1.2', lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const problems: ConfigProblem[] = [...document.errors, ...document.warnings].map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return { file, path: '', line, column: col, ...explainSyntax(error), received: undefined };
  });
  if (problems.length > 0) return { value: {}, positions: new Map(), problems };
  const positions = findPositions(file, document.contents, lines);
  try {
    const value = withoutEmpty(document.toJS({ maxAliasCount: 100 }), 0);
    if (value === null || value === undefined) return { value: {}, positions, problems };
    if (isRecord(value)) return { value, positions, problems };
    return failed(file, 'expected keys and values, such as mode: observe');
  } catch (error) {
    return failed(file, sentence((error as Error).message));
  }
}

const SYNTAX: Partial<Record<YAMLError['code'], { message: string; hint: string }>> = {
  DUPLICATE_KEY: { message: 'the key stands here a second time', hint: 'keep one of them' },
  TAB_AS_INDENT: { message: 'a tab indents this line', hint: 'indent with spaces' },
  MULTIPLE_DOCS: { message: 'a second document starts here', hint: 'remove the line ---' },
};

function explainSyntax(error: YAMLError): { message: string; hint: string | undefined } {
  return SYNTAX[error.code] ?? { message: `not YAML: ${sentence(error.message)}`, hint: undefined };
}

function sentence(message: string): string {
  const line = message.split('\n', 1)[0] ?? '';
  return `${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}

/** A copy without the keys that have no value. Throws where aliases make it endless. */
function withoutEmpty(value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new RangeError(`nested more than ${DEPTH_MAX} levels deep`);
  if (Array.isArray(value)) return value.map((entry) => withoutEmpty(entry, depth + 1));
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null && entry !== undefined);
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutEmpty(entry, depth + 1)]));
}

function findPositions(file: string, contents: Node | null, lines: LineCounter): Map<string, Position> {
  const positions = new Map<string, Position>();
  if (contents === null) return positions;
  const place = (path: KeyPath, node: unknown) => {
    const offset = (node as Node | null)?.range?.[0];
    if (offset === undefined) return;
    const { line, col } = lines.linePos(offset);
    positions.set(formatKeyPath(path), { file, line, column: col });
  };
  // The visitor hands on the ancestors of a node; a path is the keys and indexes among them.
  visit(contents, {
    Pair: (_, pair, ancestors) => place([...pathOf(ancestors), keyOf(pair.key)], pair.key),
    Node: (key, node, ancestors) => {
      if (typeof key === 'number' && !isMap(ancestors.at(-1))) place([...pathOf(ancestors), key], node);
    },
  });
  return positions;

  function pathOf(ancestors: readonly unknown[]): (string | number)[] {
    const path: (string | number)[] = [];
    for (const [index, ancestor] of ancestors.entries()) {
      const next = ancestors[index + 1];
      if (isPair(ancestor)) path.push(keyOf(ancestor.key));
      else if (next !== undefined && !isMap(ancestor)) path.push(indexIn(ancestor, next));
    }
    return path;
  }
}

function keyOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function indexIn(parent: unknown, child: unknown): number {
  return (parent as { items: readonly unknown[] }).items.indexOf(child);
}
