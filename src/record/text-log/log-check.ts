/** Holds the trail against the text audit log, which knows from outside which rows there were. */

import { prepareEnds } from '../chain/chain-ends.ts';
import type { Verification } from '../chain/verify.ts';
import type { RecordDatabase } from '../database/database.ts';
import { fitsHash, readNumber } from './line-number.ts';
import { readLines } from './text-log-lines.ts';

/**
 * The first row that the log's files have and the trail has not, or has otherwise; undefined where they agree. Pruned rows
 * don't count. Throws a system error when the log cannot be read.
 */
export function compareWithLog(
  { sql }: RecordDatabase,
  files: readonly string[],
): Extract<Verification, { ok: false }> | undefined {
  const { anchor } = prepareEnds(sql)();
  const find = sql.prepare<[number], string>('SELECT hash FROM audit WHERE id = ?').pluck();
  let firstId: number | undefined;
  let lastId = 0;
  for (const line of readLines(files)) {
    const { id = 0, hash } = readNumber(line) ?? {};
    if (hash === undefined || id <= anchor.id) continue;
    const there = find.get(id);
    if (there === undefined) {
      firstId ??= id;
      lastId = id;
    } else if (!fitsHash(there, { id, hash })) {
      const detail = `the audit log has entry #${id} with hash ${hash}…, the database with ${there.slice(0, hash.length)}…: the trail is another one`;
      return { ok: false, id, problem: 'hash_changed', detail };
    }
  }
  if (firstId === undefined) return undefined;
  const newest =
    sql.prepare<[number], number>('SELECT max(id) FROM audit WHERE id < ?').pluck().get(firstId) ?? anchor.id;
  const detail = `entries #${newest + 1} to #${lastId} are missing from the database: the audit log has them`;
  return { ok: false, id: newest + 1, problem: 'row_missing', detail };
}
