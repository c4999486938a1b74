/**
 * What the stored columns of a row say, checked: the one place where text of a database becomes a typed row. Older versions
 * wrote results, reasons and phases as words into `detail`, which are translated here and nowhere else, and conditions by other
 * names (english/former.ts).
 */
import { presentCondition } from '../../english/former.ts';
import {
  type Actor,
  type AuditAction,
  type AuditDraft,
  isClockNumbers,
  isFuseNumbers,
  isLossNumbers,
  isPruneNumbers,
} from '../../model/audit.ts';
import { readJudged, readLane, readSite } from '../../model/judged-numbers.ts';
import { isEither, isNull, isObject, isOneOf, isOptional, isRecord, isText, type Shape } from '../../model/shape.ts';

/** What is told of a row by its action, as in model/audit.ts. */
type Facts = AuditDraft extends infer Draft
  ? Draft extends AuditDraft
    ? Pick<Draft, 'action' | 'client' | 'condition' | 'numbers'>
    : never
  : never;
type FactsOf<Action extends AuditAction> = Extract<Facts, { readonly action: Action }>;

/** What a row of an action must have: a client, a condition, its numbers; without a shape it has none. */
interface Demand<F extends Facts> {
  readonly client: F['client'] extends string ? true : false;
  readonly condition: F['condition'] extends string ? true : false;
  readonly numbers: F['numbers'] extends null ? undefined : Shape<F['numbers']>;
}

const NOTHING = { client: false, condition: false, numbers: undefined } as const;
const CLIENT = { ...NOTHING, client: true } as const;

const failable = { result: isOneOf('ok', 'failed'), code: isOptional(isText) };
const result = { ...CLIENT, numbers: isObject(failable) } as const;
const lane = { ...NOTHING, numbers: isObject({ id: isText }) } as const;

const DEMANDS: { readonly [Action in AuditAction]: Demand<FactsOf<Action>> } = {
  ban: { client: true, condition: true, numbers: isEither(isRecord, isNull) },
  ban_result: result,
  unban_result: result,
  unban: CLIENT,
  allow: CLIENT,
  disallow: CLIENT,
  refused: {
    ...{ client: true, condition: true },
    numbers: isObject({ reason: isOneOf('allowlist', 'protected', 'fuse', 'limit', 'alert'), because: isText }),
  },
  global_anomaly: { client: false, condition: true, numbers: isObject({ phase: isOneOf('start', 'end') }) },
  lane,
  lane_keep: lane,
  lane_end: lane,
  lane_result: { ...NOTHING, numbers: isObject({ id: isText, ...failable }) },
  fuse: { ...NOTHING, numbers: isFuseNumbers },
  panic: NOTHING,
  panic_end: NOTHING,
  start: NOTHING,
  stop: NOTHING,
  reload: NOTHING,
  annotate: NOTHING,
  trouble: { ...NOTHING, numbers: isEither(isLossNumbers, isClockNumbers, isNull) },
  prune: { ...NOTHING, numbers: isPruneNumbers },
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
    condition: demand.condition ? presentCondition(condition ?? 'manual') : null,
    numbers,
    // DEMANDS has what its type says, which the compiler cannot see of a union's member.
  } as Facts;
}

/** The numbers, with the codes that older versions wrote as words. */
function translated({ action, numbers: given, detail }: StoredFacts): unknown {
  switch (action) {
    case 'ban_result':
    case 'unban_result':
      return given ?? { result: detail.startsWith('ok') ? 'ok' : 'failed' };
    case 'ban':
      return given && readJudged(given);
    case 'refused': {
      const [, reason = 'limit', because = detail] = /^(\w+): (.*)$/s.exec(detail) ?? [];
      return { reason, because, ...readJudged(given ?? {}) };
    }
    case 'global_anomaly':
      return { phase: detail === 'end' ? 'end' : 'start', ...readSite(given ?? {}) };
    case 'lane':
    case 'lane_keep':
    case 'lane_end':
      return given && readLane(given);
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
