/** Small states that the database keeps as JSON, each under its key, recorded with the rows that they belong to. */
import type { Shape } from '../model/shape.ts';

/** By key, as the database has them. */
export type States = Readonly<Record<string, Uint8Array>>;

/** Undefined where nothing was saved, or nothing that can be understood. */
export function readState<T>(bytes: Uint8Array | undefined, hasShape: Shape<T>): T | undefined {
  if (!bytes) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return hasShape(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** To be recorded. */
export function stateOf(key: string, value: unknown): States {
  return { [key]: new TextEncoder().encode(JSON.stringify(value)) };
}
