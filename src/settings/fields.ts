/** Kinds of values that many keys have. */
import * as z from 'zod';
import { parseDuration } from '../english/duration.ts';

/** Milliseconds, written as people do; `fallback` is the default. */
export const duration = (fallback: string, min: string, max: string) => {
  const [minMs, maxMs] = [parseDuration(min) ?? 0, parseDuration(max) ?? Number.POSITIVE_INFINITY];
  const error = `expected a duration from ${min} to ${max}, such as ${fallback}`;
  return z
    .union([z.string(), z.number()], { error })
    .default(fallback)
    .transform((value, context) => {
      const ms = parseDuration(value);
      if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
      context.addIssue({ code: 'custom', message: error });
      return z.NEVER;
    });
};

export const positive = (fallback: number) => z.number().positive().default(fallback);
export const share = (fallback: number) => z.number().min(0).max(1).default(fallback);
export const path = (fallback: string) => z.string().min(1).default(fallback);
export const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).prefault({} as never);

const PROGRAM_ERROR = 'expected a program and its arguments as a list, such as [nginx, -T]';
/** A program and its arguments: no shell takes it apart. */
export const program = z
  .array(z.string().min(1), { error: PROGRAM_ERROR })
  .min(1, PROGRAM_ERROR)
  .transform((words) => words as [string, ...string[]]);
