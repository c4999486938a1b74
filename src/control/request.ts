/** Checks what comes over the socket: whoever may open it may still send nonsense. */
import { z } from 'zod';
import type { ControlRequest } from './protocol.ts';

/** Addresses in one request; the command line splits longer lists. */
export const TARGETS_MAX = 10_000;
/** Holds TARGETS_MAX of the longest prefixes. */
export const REQUEST_BYTES_MAX = 1_048_576;

// An operator's words end up in the audit log and in Slack: one line of readable length.
const line = (lengthMax: number) =>
  z
    .string()
    .max(lengthMax)
    .transform((text) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim());

const common = {
  targets: z.array(z.string().min(1).max(255)).max(TARGETS_MAX),
  reason: line(500),
  operator: line(64),
};

const none = z.undefined().optional();

const ARGUMENTS = {
  status: none,
  ban: z.strictObject({ ...common, forMs: z.number().int().min(1000).nullable().optional() }),
  unban: z.strictObject({ ...common, all: z.boolean() }),
  allow: z.strictObject({ ...common, remove: z.boolean() }),
  notifyTest: none,
  reload: none,
} as const;

const envelope = z.strictObject({ command: z.enum(Object.keys(ARGUMENTS)), argument: z.unknown().optional() });

/** One line from a client as a request, or what is wrong with it. */
export function parseRequest(text: string): ControlRequest | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'the request is not JSON' };
  }
  const outer = envelope.safeParse(value);
  if (!outer.success) return { problem: `the request is not understood: ${z.prettifyError(outer.error)}` };
  const command = outer.data.command as keyof typeof ARGUMENTS;
  const inner = ARGUMENTS[command].safeParse(outer.data.argument);
  if (!inner.success) return { problem: `the argument of ${command} is wrong: ${z.prettifyError(inner.error)}` };
  return { command, argument: inner.data };
}
