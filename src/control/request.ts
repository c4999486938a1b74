/** Checks what comes over the socket: anyone who may open it may still send nonsense. */
import * as z from 'zod';
import {
  ANNOTATION_LENGTH_MAX,
  BAN_MS_MAX,
  LANE_MS_MAX,
  REASON_LENGTH_MAX,
  TARGETS_MAX,
  TIER_MAX,
} from '../model/limits.ts';
import { isAnything, parseJson } from '../model/shape.ts';
import { joinLines } from '../model/text.ts';
import { parsePrefix } from '../net/prefix.ts';

/** Ends of bans; the largest that a Date holds (ECMA-262, 21.4.1.1). */
const EPOCH_MS_MAX = 8.64e15;
const PROBLEM_LENGTH_MAX = 1000;

// An operator's words end up in the audit log and in Slack: one line of readable length.
const line = (lengthMax: number) =>
  z
    .string()
    .max(lengthMax)
    .transform((text) => joinLines(text).trim());

const target = z.string().min(1).max(255);
const reason = line(REASON_LENGTH_MAX);
/** Milliseconds; null is permanent. */
const forMs = z.number().int().min(1000).max(BAN_MS_MAX).nullable().optional();
const by = { reason, operator: line(64) };
const common = { ...by, targets: z.array(target).max(TARGETS_MAX) };

/** What it leaves out is as the request says for all bans. */
const order = z.strictObject({
  target,
  forMs,
  /** Its end in place of how long it lasts, epoch milliseconds. */
  untilMs: z.number().int().max(EPOCH_MS_MAX).optional(),
  reason: reason.optional(),
  /** Of a ban that comes from elsewhere: 0 and `manual` where it has none of its own. */
  tier: z.number().int().min(0).max(TIER_MAX).optional(),
  condition: line(64).optional(),
});

const laneMs = z.number().int().min(1000).max(LANE_MS_MAX);
const amount = z.number().min(0);
const word = z.string().min(1).max(8192);
const laneMatch = z
  .strictObject({
    user_agent: z.exactOptional(word),
    path: z.exactOptional(word),
    query_keys: z.exactOptional(z.array(word).max(64)),
    network: z.exactOptional(
      z.string().refine((text) => parsePrefix(text) !== undefined, 'expected a network such as 203.0.113.0/24'),
    ),
    method: z.exactOptional(word),
    referer: z.exactOptional(z.enum(['absent', 'present'])),
  })
  .refine((match) => {
    const count = Object.values(match).filter((part) => part !== undefined).length;
    return count >= 1 && count <= 3;
  }, 'expected one to three conditions');

const none = z.undefined().optional();

/** What each command takes. */
const ARGUMENTS = {
  status: none,
  top: none,
  ban: z.strictObject({
    ...by,
    bans: z.array(order).max(TARGETS_MAX),
    /** Without it, the schedule's first tier. */
    forMs,
    /** Bans that end later than they would now stay as they are. */
    keepLonger: z.boolean(),
  }),
  /** No targets with `all`. */
  unban: z.strictObject({ ...common, all: z.boolean() }),
  /** `remove` takes the entries out again. */
  allow: z.strictObject({ ...common, remove: z.boolean() }),
  /** `end` takes it back. */
  panic: z.strictObject({ ...by, end: z.boolean() }),
  resetFuse: z.strictObject(by),
  lanes: none,
  /** A lane that a person opens. */
  addLane: z.strictObject({
    ...by,
    action: z.enum(['hold', 'deny']),
    match: laneMatch,
    /** Matching requests a second that a hold lets pass. */
    usualRate: z.number().min(0).max(1e6),
    forMs: laneMs,
    /** What the command line found in the logs. */
    backtest: z.strictObject({
      ...{ hours: amount, clients: amount, clients_matched: amount, requests: amount, requests_matched: amount },
    }),
  }),
  /** Ends a lane, or keeps it for so long whatever becomes of the swarm. */
  changeLane: z.strictObject({ ...by, id: z.string().min(1).max(64), keepMs: laneMs.optional() }),
  fleetStatus: none,
  fleetLeave: none,
  annotate: z.strictObject({ text: line(ANNOTATION_LENGTH_MAX).refine((text) => text !== ''), operator: line(64) }),
  /** All channels without a name. */
  notifyTest: z.strictObject({ channel: line(64).optional() }).default({}),
  reload: none,
} as const;

export type ControlCommand = keyof typeof ARGUMENTS;
export type ControlRequest = { readonly command: ControlCommand; readonly argument?: unknown };

type Unchanging<T> = T extends (infer Item)[]
  ? readonly Unchanging<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Unchanging<T[Name]> }
    : T;
/** The argument of a command as its handler gets it. */
export type ArgumentOf<C extends ControlCommand> = Unchanging<z.output<(typeof ARGUMENTS)[C]>>;

const envelope = z.strictObject({ command: z.object(ARGUMENTS).keyof(), argument: z.unknown().optional() });

/** Cut to what the connection takes at once: it is closed right after a refusal. */
function describe(error: z.ZodError): string {
  return z.prettifyError(error).slice(0, PROBLEM_LENGTH_MAX);
}

/** One line from a client as a request, or what is wrong with it. */
export function parseRequest(text: string): ControlRequest | { readonly problem: string } {
  const value = parseJson(text, isAnything);
  if (value === undefined) return { problem: 'the request is not JSON' };
  const outer = envelope.safeParse(value);
  if (!outer.success) return { problem: `the request is not understood: ${describe(outer.error)}` };
  const { command } = outer.data;
  const inner = ARGUMENTS[command].safeParse(outer.data.argument);
  if (!inner.success) return { problem: `the argument of ${command} is wrong: ${describe(inner.error)}` };
  return { command, argument: inner.data };
}
