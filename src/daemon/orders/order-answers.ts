/** What a person hears of each target of an order. */
import type { TargetResult } from '../../control/protocol.ts';
import type { ActiveBan } from '../../model/audit.ts';
import { BITS_MIN, type Prefix } from '../../net/prefix.ts';
import type { Remainder } from '../bans/overlap.ts';

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
export function unbanResult({ client, enforced }: ActiveBan, why: string, remainder: Remainder): TargetResult {
  const { failure, blockedBy, within } = remainder;
  const because = why === '' ? '' : ` (${why})`;
  if (!enforced) return targetResult(client, 'done', `its would-be ban is lifted${because}; it was never blocked`);
  if (failure !== undefined) return targetResult(client, 'failed', `still blocked by the firewall: ${failure}`);
  if (blockedBy.length > 0)
    return targetResult(client, 'failed', `its ban is lifted, but it is still blocked by ${listSome(blockedBy)}`);
  const rest = within.length === 0 ? '' : `; still banned within it: ${listSome(within)}`;
  return targetResult(client, 'done', `unbanned${because}${rest}`);
}

export function listSome(targets: readonly string[]): string {
  const more = targets.length - TARGETS_TOLD;
  return `${targets.slice(0, TARGETS_TOLD).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
