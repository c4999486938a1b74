import type { ActiveBan } from '../../core/audit.ts';
import { type Context, requireSections } from '../context.ts';
import { EXIT } from '../exit.ts';
import { formatTable } from '../table.ts';
import { formatRelative, formatTime } from '../text.ts';
import { withTrail } from '../trail.ts';

/** `zban list`: bans in force, read from the database, so that it works with the daemon stopped. */
export async function list(context: Context): Promise<number> {
  const { output, json, now } = context;
  const bans = await withTrail(requireSections(context, ['state']).state.database, ({ reader }) =>
    reader.activeBans(now()),
  );
  if (json) output.json(bans.map(listEntry));
  else if (bans.length === 0) output.talk('nobody is banned');
  else output.data(formatBans(bans, now()));
  return EXIT.done;
}

/** One element of `list --json`. */
export function listEntry(ban: ActiveBan): Readonly<Record<string, unknown>> {
  return {
    ip: ban.client,
    tier: ban.tier,
    since: new Date(ban.sinceMs).toISOString(),
    until: ban.untilMs === null ? null : new Date(ban.untilMs).toISOString(),
    condition: ban.condition,
    enforced: ban.enforced,
    confirmed: ban.confirmed,
    actor: ban.actor,
    reason: ban.reason,
    audit_id: ban.auditId,
    numbers: ban.numbers,
  };
}

/** The bans as a table, local times. */
export function formatBans(bans: readonly ActiveBan[], nowMs: number): string {
  const rows = bans.map((ban) => [
    ban.client,
    ban.tier === 0 ? '–' : String(ban.tier),
    formatTime(ban.sinceMs),
    ban.untilMs === null ? 'permanent' : `${formatTime(ban.untilMs)} (${formatRelative(ban.untilMs, nowMs)})`,
    ban.condition,
    stateOf(ban),
    ban.actor,
    ban.reason,
  ]);
  return formatTable(['CLIENT', 'TIER', 'SINCE', 'UNTIL', 'CONDITION', 'STATE', 'BY', 'REASON'], rows);
}

/** What a ban amounts to: `banned`, `pending` until the kernel listed it, `observed` where nothing is enforced. */
function stateOf(ban: ActiveBan): string {
  if (!ban.enforced) return 'observed';
  return ban.confirmed ? 'banned' : 'pending';
}
