/** The end of a line in the text audit log, which says which row of the trail it is: `… | #17 9f86d081884c7d65`. */
import type { ChainEnd } from '../chain/chain-ends.ts';

/** Hex digits of a row's hash in its line: enough that nobody makes another row that fits. */
const HASH_DIGITS = 16;
const NOT_DURABLE = 'not yet durable';
const NUMBER = new RegExp(` \\| #(\\d+) ([0-9a-f]{${HASH_DIGITS}}|${NOT_DURABLE})$`);

/** A line with its row's number; without a hash it says that the row is not on disk, where it may never be. */
export function numberLine(line: string, id: number, hash: string | undefined): string {
  return `${line} | #${id} ${hash === undefined ? NOT_DURABLE : hash.slice(0, HASH_DIGITS)}`;
}

/** Which row a line is; `hash` holds its first 16 digits, undefined where the row was not on disk yet. */
export function readNumber(line: string): { readonly id: number; readonly hash: string | undefined } | undefined {
  const [, id, hash] = NUMBER.exec(line) ?? [];
  return id === undefined ? undefined : { id: Number(id), hash: hash === NOT_DURABLE ? undefined : hash };
}

export function withoutNumber(line: string): string {
  return line.replace(NUMBER, '');
}

/** True when a row's hash is the one that its line was written with. */
export function fitsHash(rowHash: string, end: ChainEnd): boolean {
  return rowHash.slice(0, HASH_DIGITS) === end.hash.slice(0, HASH_DIGITS);
}
