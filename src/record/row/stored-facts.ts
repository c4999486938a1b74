/**
 * What the stored columns of a row say, checked: the one place where text of a database becomes a typed row. Older versions
 * wrote results, reasons and phases as words into `detail`; they are translated here and nowhere else.
 */
import type { Actor, AuditAction, AuditDraft } from '../../model/audit.ts';
import {
  isEither,
  isNull,
  isNumber,
  isObject,
  isOneOf,
  isOptional,
  isRecord,
  isText,
  type Shape,
} from '../../model/shape.ts';

/** What is told of a row by its action, as in model/audit.ts. */
type Facts = AuditDraft extends infer Draft
  ? Draft extends AuditDraft
    ? Pick<Draft, 'action' | 'client' | 'condition' | 'numbers'>
    : never
  : never;

/** A row of an action: about a client or about none, with a condition or without, and its numbers; without a shape it has none. */
interface Demand {
  readonly client: boolean;
  readonly condition: boolean;
  readonly numbers: Shape<unknown> | undefined;
}

const about = (what: '' | 'client' | 'condition' | 'client condition', numbers?: Shape<unknown>): Demand => ({
  client: what.includes('client'),
  condition: what.includes('condition'),
  numbers,
});

const failable = { result: isOneOf('ok', 'failed'), code: isOptional(isText) };
const result = about('client', isObject(failable));
const lane = about('', isObject({ id: isText }));
const nothing = about('');
const client = about('client');

const DEMANDS: Readonly<Record<AuditAction, Demand>> = {
  ban: about('client condition', isEither(isRecord, isNull)),
  ban_result: result,
  unban_result: result,
  unban: client,
  allow: client,
  disallow: client,
  refused: about(
    'client condition',
    isObject({ reason: isOneOf('allowlist', 'protected', 'fuse', 'limit', 'alert'), because: isText }),
  ),
  global_anomaly: about('condition', isObject({ phase: isOneOf('start', 'end') })),
  lane,
  lane_keep: lane,
  lane_end: lane,
  lane_result: about('', isObject({ id: isText, ...failable })),
  fuse: about('', isObject({ phase: isOneOf('tripped', 'reset'), until: isOptional(isText) })),
  panic: nothing,
  panic_end: nothing,
  start: nothing,
  stop: nothing,
  reload: nothing,
  annotate: nothing,
  trouble: about(
    '',
    isEither(
      isObject({ lost_from: isNumber, lost_to: isNumber }),
      isObject({ clock_moved_ms: isNumber, after_id: isNumber }),
      isNull,
    ),
  ),
  prune: about(
    '',
    isObject({ rows: isNumber, anchor_id: isNumber, anchor_hash: isText, offences_before_ms: isNumber }),
  ),
};

const isAction = (action: string): action is AuditAction => Object.hasOwn(DEMANDS, action);

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
  if (!isAction(action)) return DAMAGED;
  const demand = DEMANDS[action];
  if (demand.client && client === null) return DAMAGED;
  const numbers = demand.numbers ? translated(stored) : null;
  if (demand.numbers && !demand.numbers(numbers)) return DAMAGED;
  return {
    action,
    client: demand.client ? client : null,
    condition: demand.condition ? (condition ?? 'manual') : null,
    numbers,
  } as Facts;
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
    case 'fuse': {
      // Older versions said `blown`, or nothing.
      const fuse: { readonly phase?: unknown } = given ?? { phase: detail.startsWith('reset') ? 'reset' : 'tripped' };
      return fuse.phase === 'blown' ? { ...fuse, phase: 'tripped' } : fuse;
    }
    default:
      return given;
  }
}

/** `policy` and `system` as they are, other hosts and people by name; no version writes anything else. */
export function readActor(text: string): Actor {
  if (text === 'policy' || text === 'system') return text;
  if (text.startsWith('policy@')) return `policy@${text.slice('policy@'.length)}`;
  return text.startsWith('operator:') ? `operator:${text.slice('operator:'.length)}` : 'system';
}
