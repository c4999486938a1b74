/** Reads a file with a list of bans, within bounds. */
import { createReadStream } from 'node:fs';
import { codeOf, messageOf } from '../../model/coded-error.ts';
import { CommandError, EXIT } from '../exit.ts';
import { STDIN } from '../options.ts';
import { type BanList, LIST_BYTES_MAX, LIST_ENTRIES_MAX } from './list.ts';

/** A list, and what messages call it. */
export interface LoadedList extends BanList {
  readonly name: string;
}

/**
 * Reads a list; `-` is standard input. Its bans are sorted by target, several for one in the order of their lines. A list
 * that cannot be read or is too long ends the command with exit code 1 or 4.
 */
export async function loadList(path: string, parse: (text: string) => BanList): Promise<LoadedList> {
  const name = isStdin(path) ? 'standard input' : path;
  const list = parse(await readText(path, name));
  if (list.bans.length > LIST_ENTRIES_MAX) {
    const message = `${name} has ${list.bans.length} entries, more than the ${LIST_ENTRIES_MAX} of one list: split it`;
    throw new CommandError(EXIT.failed, message);
  }
  return { ...list, ...sortByTarget(list), name };
}

/**
 * The database keeps bans in this order, so each piece of a list sent to the daemon changes few of its pages. In any other
 * order each piece changes nearly all of them: for 300,000 bans that writes 4.1 GB instead of 0.3, and grows with the square.
 */
function sortByTarget({ bans, lines }: BanList): Pick<BanList, 'bans' | 'lines'> {
  const pairs = bans.map((ban, index) => ({ ban, line: lines[index] ?? 0 }));
  pairs.sort(({ ban: a }, { ban: b }) => (a.target < b.target ? -1 : a.target > b.target ? 1 : 0));
  return { bans: pairs.map(({ ban }) => ban), lines: pairs.map(({ line }) => line) };
}

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'you may not read it',
  EISDIR: 'it is a directory',
  ENOENT: 'there is no such file',
};

/** By its name it cannot always be opened: not where it is a socket. */
function isStdin(path: string): boolean {
  return path === '-' || path === STDIN;
}

async function readText(path: string, name: string): Promise<string> {
  const stream = isStdin(path) ? process.stdin : createReadStream(path);
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > LIST_BYTES_MAX) break;
    }
  } catch (error) {
    const code = codeOf(error) ?? '';
    const exitCode = code === 'EACCES' ? EXIT.noPermission : EXIT.failed;
    const message = CAUSES[code] ?? messageOf(error);
    throw new CommandError(exitCode, `cannot read ${name}: ${message}`, { cause: error });
  }
  if (bytes > LIST_BYTES_MAX) {
    throw new CommandError(EXIT.failed, `${name} is longer than the ${LIST_BYTES_MAX} bytes of one list: split it`);
  }
  // Some editors begin a file with a byte order mark.
  return Buffer.concat(pieces)
    .toString('utf8')
    .replace(/^\ufeff/, '');
}
