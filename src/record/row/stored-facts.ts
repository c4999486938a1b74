/**
 * What the stored columns of a row say, checked: the one place where text of a database becomes a typed row. Older versions
 * wrote results, reasons and phases as words into `detail`; they are translated here and nowhere else.
 */
import { z } from 'zod';
import type { Actor, AuditAction, JudgedNumbers } from '../../model/audit.ts';

const judged = z.looseObject({}).nullable();

const client = z.string();
const condition = z.string();
const none = z.null().catch(null);
const failable = { result: z.enum(['ok', 'failed']), code: z.string().optional() };

/** One shape for each action, as in model/audit.ts: about a client or about none, with a condition or without. */
const about = <
  Action extends AuditAction,
  Client extends z.ZodType,
  Condition extends z.ZodType,
  Numbers extends z.ZodType,
>(
  actions: readonly [Action, ...Action[]],
  client: Client,
  condition: Condition,
  numbers: Numbers,
) => z.object({ action: z.enum(actions), client, condition, numbers });

const FACTS = z.discriminatedUnion('action', [
  about(['ban'], client, condition, judged),
  about(['ban_result', 'unban_result'], client, none, z.object(failable)),
  about(['unban', 'allow', 'disallow'], client, none, none),
  about(
    ['refused'],
    client,
    condition,
    z.looseObject({ reason: z.enum(['allowlist', 'protected', 'fuse', 'limit', 'alert']), because: z.string() }),
  ),
  about(['global_anomaly'], none, condition, z.looseObject({ phase: z.enum(['start', 'end']) })),
  about(['lane', 'lane_keep', 'lane_end'], none, none, z.looseObject({ id: z.string() })),
  about(['lane_result'], none, none, z.looseObject({ id: z.string(), ...failable })),
  about(
    ['fuse'],
    none,
    none,
    z.object({
      // Older versions said `blown`.
      phase: z.enum(['tripped', 'blown', 'reset']).transform((phase) => (phase === 'blown' ? 'tripped' : phase)),
      until: z.string().optional(),
    }),
  ),
  about(['panic', 'panic_end', 'start', 'stop', 'reload', 'annotate'], none, none, none),
  about(
    ['trouble'],
    none,
    none,
    z
      .union([
        z.object({ lost_from: z.number(), lost_to: z.number() }),
        z.object({ clock_moved_ms: z.number(), after_id: z.number() }),
      ])
      .nullable()
      .catch(null),
  ),
  about(
    ['prune'],
    none,
    none,
    z.object({ rows: z.number(), anchor_id: z.number(), anchor_hash: z.string(), offences_before_ms: z.number() }),
  ),
]);
type Facts = z.infer<typeof FACTS>;

/** The columns that tell what a row is about, as they are stored. */
export interface StoredFacts {
  readonly action: string;
  readonly client: string | null;
  readonly condition: string | null;
  readonly numbers: object | null;
  readonly detail: string;
}

/** Of a row that no version wrote so: one damaged row must not hide the others. */
const DAMAGED: Facts = { action: 'trouble', client: null, condition: null, numbers: null };

export function readFacts(stored: StoredFacts): Facts {
  const { action, client, condition } = stored;
  const facts = FACTS.safeParse({ action, client, condition: condition ?? 'manual', numbers: translated(stored) });
  return facts.success ? facts.data : DAMAGED;
}

/** The numbers, with the codes that older versions wrote as words. */
function translated({ action, numbers: given, detail }: StoredFacts): unknown {
  switch (action) {
    case 'ban_result':
    case 'unban_result':
      return given ?? { result: detail.startsWith('ok') ? 'ok' : 'failed' };
    case 'refused': {
      const [, reason = 'limit', because = detail] = /^(\w+): (.*)$/s.exec(detail) ?? [];
      return { reason, because, ...given };
    }
    case 'global_anomaly':
      return { phase: detail === 'end' ? 'end' : 'start', ...given };
    case 'fuse':
      return given ?? { phase: detail.startsWith('reset') ? 'reset' : 'tripped' };
    default:
      return given;
  }
}

/** The numbers of a judgement that stand alone; null where there are none. */
export function readJudged(numbers: object | null): JudgedNumbers | null {
  return judged.parse(numbers);
}

/** `policy` and `system` as they are, other hosts and people by name; no version writes anything else. */
export function readActor(text: string): Actor {
  if (text === 'policy' || text === 'system') return text;
  if (text.startsWith('policy@')) return `policy@${text.slice('policy@'.length)}`;
  return text.startsWith('operator:') ? `operator:${text.slice('operator:'.length)}` : 'system';
}
