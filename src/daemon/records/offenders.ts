/** What the trail knows of clients and networks that were banned, as the engine wants it. */
import { type Offender, type OffenderColumns, packOffenders } from '../../decide/offender-table.ts';
import type { ClientScheme } from '../../net/client-key.ts';
import { findBanKey } from '../../net/client-network.ts';
import { type Prefix, parsePrefix } from '../../net/prefix.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';

/** Releases by people that are looked for at a start: lines from before them may be read again. */
const LIFTED_ROWS = 20_000;
const LIFTED_MS = 3_600_000;

type Trail = Pick<AuditTrail, 'eachOffence' | 'eachActive' | 'findActiveBan' | 'recentUnbans'>;

/** Bans in force at `nowMs` and past offences, real ones or would-be ones. */
export function findOffenders(trail: Trail, enforced: boolean, scheme: ClientScheme, nowMs: number): OffenderColumns {
  return packOffenders(offendersIn(trail, enforced, scheme, nowMs));
}

/** A ban in force; `untilMs` null is for ever. Undefined for a network that the engine has no bans of. */
export function offenderOf(
  prefix: Prefix,
  tier: number,
  untilMs: number | null,
  scheme: ClientScheme,
): Offender | undefined {
  const key = findBanKey(prefix, scheme);
  const until = untilMs === null ? Number.POSITIVE_INFINITY : secondOf(untilMs);
  return key && { ...key, tier, until, lastEnd: until };
}

const secondOf = (ms: number): number => Math.ceil(ms / 1000);

function* offendersIn(trail: Trail, enforced: boolean, scheme: ClientScheme, nowMs: number): Generator<Offender> {
  const keyOf = (client: string) => {
    const prefix = parsePrefix(client);
    return prefix && findBanKey(prefix, scheme);
  };
  for (const { client, tier, lastMs } of trail.eachOffence(enforced)) {
    const ban = trail.findActiveBan(client, nowMs);
    // The ban in force says all of it, below.
    const key = ban?.enforced === enforced && ban.tier > 0 ? undefined : keyOf(client);
    if (key) yield { ...key, tier, until: 0, lastEnd: secondOf(lastMs) };
  }
  // Bans without a tier are no offences, but what was done before a person lifted one does not count either.
  for (const { client, timeMs } of trail.recentUnbans(LIFTED_ROWS, nowMs - LIFTED_MS)) {
    const key = keyOf(client ?? '');
    if (key) yield { ...key, tier: 0, until: 0, lastEnd: secondOf(timeMs) };
  }
  for (const { client, tier, untilMs, enforced: isEnforced } of trail.eachActive(nowMs)) {
    const prefix = isEnforced === enforced ? parsePrefix(client) : undefined;
    const offender = prefix && offenderOf(prefix, tier, untilMs, scheme);
    if (offender) yield offender;
  }
}
