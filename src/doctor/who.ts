/** The table of networks, where there is one. */
import type { Config } from '../config/schema.ts';
import { WhoTable, WhoTableError } from '../host/who-table.ts';
import { about, type Finding } from './finding.ts';

const { ok, warn } = about('who');
/** Networks change hands. */
const OLD_MS = 183 * 86_400_000;
const UPDATE = 'zban who update --file FILE';

/** Nothing where there is no table: none is needed. */
export function checkWho({ who }: Pick<Config, 'who'>, nowMs: number): Finding[] {
  try {
    const table = new WhoTable(who.table);
    table.close();
    const made = new Date(table.madeMs).toISOString().slice(0, 10);
    const message = `${who.table}: ${table.ranges} ranges of addresses, data of ${made}`;
    return [nowMs - table.madeMs > OLD_MS ? warn(`${message}, which is old`, UPDATE) : ok(message)];
  } catch (error) {
    if (!(error instanceof WhoTableError)) throw error;
    return error.code === 'missing' ? [] : [warn(error.message, UPDATE)];
  }
}
