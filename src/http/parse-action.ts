/** Checks what the page, or a program, asks for. */

import * as z from 'zod';
import { BAN_MS_MAX, REASON_LENGTH_MAX } from '../model/limits.ts';
import { isAnything, parseJson } from '../model/shape.ts';
import { joinLines } from '../model/text.ts';

const schema = z.strictObject({
  action: z.enum(['ban', 'unban', 'allow', 'drop_lane', 'annotate', 'whoami']),
  /** An address or a network; of a lane its id; of a note nothing. */
  target: z.string().max(255).default(''),
  /** Of a ban, milliseconds; null is permanent, absent the schedule's first tier. */
  for_ms: z.number().int().min(1000).max(BAN_MS_MAX).nullable().optional(),
  /** Of a note its text. */
  reason: z
    .string()
    .max(REASON_LENGTH_MAX)
    .transform((text) => joinLines(text).trim())
    .default(''),
});

type Parsed = z.infer<typeof schema>;

/** What is to be carried out. */
export type Action = Omit<Parsed, 'action'> & { readonly action: Exclude<Parsed['action'], 'whoami'> };

/** Undefined where it is not understood. */
export function parseAction(body: string): Parsed | undefined {
  return schema.safeParse(parseJson(body, isAnything)).data;
}
