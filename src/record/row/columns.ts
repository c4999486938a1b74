/** The columns of a row as SQLite gives and takes them. What they say is read elsewhere (row.ts): the record thread need not know. */

/** Column order of every statement here. */
export const COLUMNS =
  'id, time_ms, actor, action, client, condition, numbers, tier, duration_seconds, enforced, detail, config_version, hash';

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

/** An object from its JSON; null for what cannot be read back: one damaged value must not hide the others. */
export function readObject(text: string | null): object | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
