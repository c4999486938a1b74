/** Limits for clients: kinds of keys that say how sensitivity moves them. A factor above 1 bans more, and sooner. */
import * as z from 'zod';
import { positive } from './fields.ts';

type Move = (limit: number, factor: number) => number;

const moves = new WeakMap<z.ZodType, Move>();

function movable<T extends z.ZodType>(schema: T, move: Move): T {
  moves.set(schema, move);
  return schema;
}

export const limit = (fallback: number) => movable(positive(fallback), (value, factor) => value / factor);

/** A number of requests stays a whole one. */
export const requests = (fallback: number, min = 1) =>
  movable(z.number().int().min(min).default(fallback), (value, factor) => Math.max(1, Math.round(value / factor)));

/** So many times what is usual. What divides is how far that lies above the usual: no sensitivity makes the usual itself too much. */
export const multiple = (fallback: number) =>
  movable(z.number().min(1).default(fallback), (value, factor) => 1 + (value - 1) / factor);

/** The values of a section with every limit of it, and of the sections within it, moved. */
export function moveLimitsOf<T>(schema: z.ZodType, values: T, factor: number): T {
  const move = moves.get(schema);
  if (move) return move(Number(values), factor) as T;
  const section = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (!(section instanceof z.ZodObject)) return values;
  const { shape } = section;
  const moved = Object.entries(Object(values)).map(([key, value]) => [
    key,
    key in shape ? moveLimitsOf(shape[key], value, factor) : value,
  ]);
  return Object.fromEntries(moved);
}
