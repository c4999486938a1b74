/** Small states that the database keeps as JSON, each under its key, recorded with the rows that they belong to. */
import { parseJson, type Shape } from '../model/shape.ts';

/** By key, as the database has them. */
export type States = Readonly<Record<string, Uint8Array>>;

/** Undefined where nothing was saved, or nothing that can be understood. */
export function readState<T>(bytes: Uint8Array | undefined, hasShape: Shape<T>): T | undefined {
  return bytes && parseJson(new TextDecoder().decode(bytes), hasShape);
}

/** To be recorded. */
export function stateOf(key: string, value: unknown): States {
  return { [key]: new TextEncoder().encode(JSON.stringify(value)) };
}
