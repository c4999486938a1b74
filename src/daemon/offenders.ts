/** What the trail knows of clients that were banned, as the engine wants it. */
import type { Config } from '../config/schema.ts';
import type { Offender } from '../core/decide/policy.ts';
import { findWholeClient } from '../core/net/client-key.ts';
import { parsePrefix } from '../core/net/prefix.ts';
import type { AuditTrail } from '../record/audit-trail.ts';

/** Releases by people that are looked for at a start: lines from before them may be read again. */
const LIFTED_ROWS = 20_000;
const LIFTED_MS = 3_600_000;

/** Bans in force at `nowMs` and past offences, real ones or would-be ones. Throws RecordError. */
export function findOffenders(
  trail: Pick<AuditTrail, 'offences' | 'activeBans' | 'recentUnbans'>,
  enforced: boolean,
  detection: Config['detection'],
  nowMs: number,
): Offender[] {
  const seconds = (ms: number | null) => (ms === null ? Number.POSITIVE_INFINITY : Math.ceil(ms / 1000));
  const past = trail
    .offences(enforced)
    .map(({ client, tier, lastMs }) => ({ client, tier, until: 0, lastEnd: seconds(lastMs) }));
  const active = trail
    .activeBans(nowMs)
    .filter((ban) => ban.enforced === enforced)
    .map(({ client, tier, untilMs }) => ({ client, tier, until: seconds(untilMs), lastEnd: seconds(untilMs) }));
  // Bans without a tier are no offences, but what was done before a person lifted one does not count either.
  const lifted = trail
    .recentUnbans(LIFTED_ROWS, nowMs - LIFTED_MS)
    .map(({ client, timeMs }) => ({ client: client ?? '', tier: 0, until: 0, lastEnd: seconds(timeMs) }));
  return [...past, ...lifted, ...active].flatMap(({ client, ...rest }) => {
    const prefix = parsePrefix(client);
    const key = prefix && findWholeClient(prefix, detection);
    return key ? [{ ...key, ...rest }] : [];
  });
}
