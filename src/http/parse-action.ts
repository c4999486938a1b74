/** Checks what the page, or a program, asks for. */
import { z } from 'zod';
import { joinLines } from '../model/text.ts';

const BAN_MS_MAX = 365_250 * 86_400_000;

const schema = z.strictObject({
  action: z.enum(['ban', 'unban', 'allow', 'drop_lane', 'annotate', 'whoami']),
  target: z.string().max(255).default(''),
  for_ms: z.number().int().min(1000).max(BAN_MS_MAX).nullable().optional(),
  reason: z
    .string()
    .max(500)
    .transform((text) => joinLines(text).trim())
    .default(''),
});

/** Undefined where it is not understood. */
export function parseAction(body: string): z.infer<typeof schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
