/** Decisions as entries of a stream: each a JSON object with its version. */
import { isConditionWord } from '../model/event.ts';
import { TIER_MAX } from '../model/limits.ts';
import {
  isAnything,
  isEither,
  isNull,
  isNumber,
  isObject,
  isOneOf,
  isOptional,
  isText,
  parseJson,
} from '../model/shape.ts';
import { joinLines } from '../model/text.ts';
import { isHost, isPersonal, ORDER_KINDS, type Order } from '../share/order.ts';

/** Entries of another version are skipped and counted: what they ask for is not known. */
const ENTRY_VERSION = 1;

/** Longest entry, in bytes or characters. */
export const ENTRY_LENGTH_MAX = 16_384;
/** Longest text of an entry that is taken over, characters. */
const TEXT_LENGTH_MAX = 600;
/** Longest name of a person that is taken over, `operator:` included, characters: lists have a column for it. */
const ACTOR_LENGTH_MAX = 100;
/** The end of the year 9999: clocks that differ make no time of it that a Date does not hold. */
const TIME_MAX_MS = 253_402_300_799_999;

/** The entry's text. */
export function formatOrder({
  kind,
  host,
  actor,
  target,
  atMs,
  untilMs,
  tier,
  condition,
  reason,
  digest,
}: Order): string {
  const common = { v: ENTRY_VERSION, kind, host, actor, at: atMs, ...(target !== '' && { target }) };
  const why = reason === '' ? {} : { reason: reason.slice(0, TEXT_LENGTH_MAX) };
  if (kind !== 'ban') return JSON.stringify({ ...common, ...why });
  return JSON.stringify({ ...common, until: untilMs, tier, condition, ...why, ...(digest !== '' && { digest }) });
}

const isShort = (value: unknown): value is string => isText(value) && value.length <= TEXT_LENGTH_MAX;
const isTime = (value: unknown): value is number => isNumber(value) && value >= 0 && value <= TIME_MAX_MS;

const isEntry = isObject({
  v: (value): value is typeof ENTRY_VERSION => value === ENTRY_VERSION,
  kind: isOneOf(...ORDER_KINDS),
  host: (value): value is string => isShort(value) && isHost(value),
  actor: (value): value is string => isShort(value) && (value === 'policy' || isPersonal({ actor: value })),
  at: isTime,
  target: isOptional(isShort),
  reason: isAnything,
  digest: isAnything,
});
const isBan = isObject({
  until: isEither(isNull, isTime),
  tier: (value): value is number => isNumber(value) && Number.isInteger(value) && value >= 0 && value <= TIER_MAX,
  condition: (value): value is string => isShort(value) && isConditionWord(value),
});

const NO_BAN = { until: null, tier: 0, condition: '' } as const;

/** An entry's text as an order; undefined for one that is not understood, of another version for example. */
export function parseOrder(text: string): Order | undefined {
  if (text.length > ENTRY_LENGTH_MAX) return undefined;
  const entry = parseJson(text, isEntry);
  if (!entry) return undefined;
  const { kind, host, actor, at: atMs, target, reason, digest } = entry;
  const isPanic = kind === 'panic' || kind === 'panic_end';
  if (isPanic ? target !== undefined : !target) return undefined;
  // Only people lift bans, allow and stop all banning.
  if (kind !== 'ban' && !isPersonal(entry)) return undefined;
  const ban = kind !== 'ban' ? NO_BAN : isBan(entry) ? entry : undefined;
  if (!ban) return undefined;
  return {
    kind,
    host,
    actor: joinLines(actor).slice(0, ACTOR_LENGTH_MAX),
    target: joinLines(target ?? ''),
    atMs,
    untilMs: ban.until,
    tier: ban.tier,
    condition: ban.condition,
    reason: isShort(reason) ? joinLines(reason) : '',
    digest: isShort(digest) ? joinLines(digest) : '',
  };
}
