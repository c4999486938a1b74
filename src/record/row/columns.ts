/** The columns of a row as SQLite gives and takes them. What they say is read elsewhere (row.ts): the record thread need not know. */
import { isList, isRecord, parseJson } from '../../model/shape.ts';

/** Column order of every statement here. */
export const COLUMNS =
  'id, time_ms, actor, action, client, condition, numbers, tier, duration_seconds, enforced, detail, config_version, hash';

const COLUMN_COUNT = COLUMNS.split(',').length;

/** A row in column order, as SQLite gives and takes it. */
export type Row = readonly [
  id: number,
  timeMs: number,
  actor: string,
  action: string,
  client: string | null,
  condition: string | null,
  numbers: string | null,
  tier: number | null,
  durationSeconds: number | null,
  enforced: number,
  detail: string,
  configVersion: string,
  hash: string,
];

/** Rows as one thread hands them to another; the tables are STRICT, so that SQLite refuses a value of another type. */
export const areRows = isList((value): value is Row => Array.isArray(value) && value.length === COLUMN_COUNT);

/** An object from its JSON; null for what cannot be read back: one damaged value must not hide the others. */
export function readObject(text: string | null): object | null {
  return text === null ? null : (parseJson(text, isRecord) ?? null);
}
