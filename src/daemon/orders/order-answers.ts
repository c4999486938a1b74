/** What a person hears of each target of an order, and what is recorded of an exception. */
import type { AllowRequest, TargetResult } from '../../control/protocol.ts';
import { describeProtection } from '../../english/refusal.ts';
import type { ActiveBan, DraftOf } from '../../model/audit.ts';
import { type ClientScheme, findClientKey, formatClient } from '../../net/client-key.ts';
import { BITS_MIN, type Prefix, parsePrefix, prefixContains } from '../../net/prefix.ts';
import { BLANK } from '../../record/row/row.ts';
import { findOrigin } from '../bans/origin.ts';
import type { OverlapsOf, Remainder } from '../bans/overlap.ts';
import type { Protection } from './protection.ts';

const UNCONFIRMED = 'the firewall has not confirmed that yet and may still block it; zban keeps trying';

/** Bans that one answer names. */
const TARGETS_TOLD = 5;

export function targetResult(target: string, code: TargetResult['code'], message: string): TargetResult {
  return { target, ok: code === 'done' || code === 'unchanged', code, message };
}

/** Why a network is too wide to be banned or allowed, undefined when it is not. */
export function explainWidth({ family, bits }: Prefix): string | undefined {
  const bitsMin = BITS_MIN[family];
  return bits < bitsMin ? `/${bits} is too wide: at least /${bitsMin}` : undefined;
}

/** The end of a ban, as an answer has it. */
export function endOf({ untilMs }: Pick<ActiveBan, 'untilMs'>): Pick<TargetResult, 'until'> {
  return { until: untilMs === null ? null : new Date(untilMs).toISOString() };
}

/** The answer for a ban that was lifted; `why` is empty where it was asked for by name. */
export function unbanResult(ban: ActiveBan, why: string, remainder: Remainder): TargetResult {
  const { client, enforced } = ban;
  const { failure, blockedBy, within } = remainder;
  const because = why === '' ? '' : ` (${why})`;
  if (!enforced) {
    const origin = findOrigin(ban);
    const rest = origin === undefined ? 'it was never blocked' : `it was never blocked here; ${origin} hears of it`;
    return targetResult(client, 'done', `its would-be ban is lifted${because}; ${rest}`);
  }
  if (failure !== undefined) return failureResult(client, failure);
  if (blockedBy.length > 0)
    return targetResult(client, 'failed', `its ban is lifted, but it is still blocked by ${listSome(blockedBy)}`);
  const rest = within.length === 0 ? '' : `; still banned within it: ${listSome(within)}`;
  return targetResult(client, 'done', `unbanned${because}${rest}`);
}

const failureResult = (client: string, failure: string): TargetResult =>
  targetResult(client, 'failed', `still blocked by the firewall: ${failure}`);

/** Who bans a part of a client, such as one address of a /64, hears which client that is, unless that is banned, too. */
export function withClients(
  results: Iterable<TargetResult>,
  scheme: ClientScheme,
  findBan: (client: string) => ActiveBan | undefined,
): TargetResult[] {
  return [...results].map((each) => {
    const prefix = each.ok ? parsePrefix(each.target) : undefined;
    const key = prefix && findClientKey(prefix, scheme);
    const client = key && formatClient(key.high, key.low, scheme);
    return client === undefined || client === each.target || findBan(client) ? each : { ...each, part_of: client };
  });
}

/** The answer for an exception that is there already, or whose end is asked for and which is not there. */
export function unchangedResult(entry: string, remove: boolean): TargetResult {
  return remove
    ? targetResult(entry, 'not_found', 'was not allowed by a person')
    : targetResult(entry, 'unchanged', 'is allowed already');
}

/** A ban of a whole network ends for one address that is allowed: who allows it is told. */
export function withLifted(
  results: readonly TargetResult[],
  overlaps: OverlapsOf,
  isLifted: (client: string) => boolean,
): readonly TargetResult[] {
  return results.map((each) => {
    const prefix = each.code === 'done' ? parsePrefix(each.target) : undefined;
    if (!prefix) return each;
    const { covering, within } = overlaps(prefix);
    return targetResult(each.target, each.code, allowedMessage(each.target, [...covering, ...within].filter(isLifted)));
  });
}

/** What is allowed and yet blocked is no success. */
export const withBlocks = (
  results: readonly TargetResult[],
  remainders: (target: string) => Remainder,
): readonly TargetResult[] =>
  results.map((each) => {
    const { failure, blockedBy } = remainders(each.target);
    const cause = failure ?? (blockedBy.length > 0 ? `the ban of ${listSome(blockedBy)} stands` : undefined);
    if (!each.ok || cause === undefined) return each;
    return targetResult(each.target, 'failed', `${each.message}, but still blocked: ${cause}`);
  });

/** Nor is what is no longer an entry and yet never banned. */
export const withProtection = (results: readonly TargetResult[], find: Protection['find']): readonly TargetResult[] =>
  results.map((each) => {
    const prefix = parsePrefix(each.target);
    const never = each.ok && prefix && find(prefix);
    if (!never || !prefixContains(never.prefix, prefix)) return each;
    const why = describeProtection(never.because);
    return targetResult(each.target, 'failed', `its entry is removed, but it is still never banned: ${why}`);
  });

/** Of bans that were lifted, of which the firewall has said nothing in the time that a person waits. */
export const withUnconfirmed = (
  results: readonly TargetResult[],
  isBlocked: (prefix: Prefix) => boolean,
): readonly TargetResult[] =>
  results.map((each) => {
    const prefix = each.code === 'done' ? parsePrefix(each.target) : undefined;
    return prefix && isBlocked(prefix) ? targetResult(each.target, 'failed', `${each.message}; ${UNCONFIRMED}`) : each;
  });

/** Of what is not banned, what the firewall blocks all the same. */
export function withBlocked(
  results: readonly TargetResult[],
  findRemainders: (clients: readonly string[]) => (client: string) => Remainder,
  isLifting: (client: string) => boolean,
): readonly TargetResult[] {
  const absent = results.flatMap(({ code, target }) => (code === 'not_found' ? target : []));
  if (absent.length === 0) return results;
  const remainders = findRemainders(absent);
  return results.map((each) => {
    if (each.code !== 'not_found') return each;
    const { target } = each;
    const { failure, blockedBy } = remainders(target);
    if (failure !== undefined) return failureResult(target, failure);
    if (blockedBy.length > 0) return targetResult(target, 'failed', `still blocked by ${listSome(blockedBy)}`);
    return isLifting(target) ? unconfirmedResult(target) : each;
  });
}

export const unconfirmedResult = (target: string): TargetResult =>
  targetResult(target, 'failed', `its ban is lifted; ${UNCONFIRMED}`);

function allowedMessage(target: string, lifted: readonly string[]): string {
  if (lifted.length === 0) return 'allowed';
  if (lifted.length === 1)
    return `allowed, and ${lifted[0] === target ? 'its ban' : `the ban of ${lifted[0]}`} is lifted`;
  return `allowed, and the bans of ${listSome(lifted)} are lifted`;
}

export function listSome(targets: readonly string[]): string {
  const more = targets.length - TARGETS_TOLD;
  return `${targets.slice(0, TARGETS_TOLD).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The row of an exception, or of its end. */
export function allowDraft(
  entry: string,
  { operator, reason, remove }: AllowRequest,
  timeMs: number,
): DraftOf<'allow' | 'disallow'> {
  const said = { timeMs, actor: `operator:${operator}`, enforced: true, detail: reason } as const;
  return { ...BLANK, ...said, action: remove ? 'disallow' : 'allow', client: entry };
}
