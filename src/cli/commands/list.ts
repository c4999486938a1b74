import { setTimeout as sleep } from 'node:timers/promises';
import { countOf, formatCount } from '../../english/number.ts';
import { nameClient } from '../../english/reason.ts';
import type { ActiveBan } from '../../model/audit.ts';
import { isInForce } from '../../model/reconcile.ts';
import { type OpenTrail, withTrail } from '../../record/trail/open-trail.ts';
import { type Context, requireSections } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { LIST } from '../definitions/reading.ts';
import { EXIT } from '../exit.ts';
import { type Size, showLive } from '../screen.ts';
import { readFirst, readSelection, type Select } from '../selection.ts';
import { warnIfStale } from '../stale.ts';
import { columnsOf } from '../style.ts';
import { type Column, formatTable } from '../table.ts';
import { cutText, formatLeft, formatTier, formatTime } from '../text.ts';
import { findOwners, type Owners } from '../who-column.ts';

/** How often `--watch` looks. */
const WATCH_INTERVAL_MS = 1000;

/** `zban list`: bans in force, read from the database, so that it works with the daemon stopped. */
export async function list(context: Context, options: Given<typeof LIST>): Promise<number> {
  const select = readSelection(options);
  const owners = findOwners(context, process.stdout);
  const { state } = requireSections(context, ['state']);
  return withTrail(state.database, async (trail) => {
    if (options.watch) await watch(context, trail, select, owners);
    else print(context, trail, select, readFirst(options), owners);
    await warnIfStale(context);
    return EXIT.done;
  });
}

function print(
  { output, json, now }: Context,
  { reader }: OpenTrail,
  select: Select,
  first: ReturnType<typeof readFirst>,
  owners: Owners,
): void {
  const active = first ? reader.firstBans(now(), first.limit, first.reverse) : reader.activeBans(now());
  const bans = first ? active : select(active, now());
  if (json) {
    output.json(bans.map(listEntry));
    return;
  }
  const all = first?.limit === bans.length ? reader.countBans(now()) : active.length;
  if (bans.length > 0) output.data(formatBans(bans, now(), owners));
  else output.talk(all === 0 ? 'nobody is banned' : `none of the ${countOf(all, 'ban')} in force matches`);
  if (bans.length > 0 && bans.length < all) output.talk(countShown(bans.length, all));
}

/** `3 bans`, or `2 of 3 bans`. */
function countShown(shown: number, all: number): string {
  return shown === all ? countOf(all, 'ban') : `${formatCount(shown)} of ${countOf(all, 'ban')}`;
}

/** Draws the list in place; where standard output is no terminal, prints it again whenever it changed. */
async function watch(context: Context, trail: OpenTrail, select: Select, owners: Owners): Promise<void> {
  const { json, now, output } = context;
  const follow = followBans(trail);
  if (process.stdout.isTTY && !json) {
    const frame = ({ rows }: Size) => formatFrame(follow(now()), select, now(), rows, owners).split('\n');
    return showLive(process, { intervalMs: WATCH_INTERVAL_MS, frame });
  }
  for (let before: string | undefined; ; await sleep(WATCH_INTERVAL_MS)) {
    const bans = select(follow(now()), now());
    const key = bans.map(({ auditId, confirmed }) => `${auditId}${confirmed}`).join();
    if (key === before) continue;
    before = key;
    if (json) output.json(bans.map(listEntry));
    else
      output.data(
        `${countOf(bans.length, 'ban')} at ${formatTime(now())}\n${bans.length > 0 ? `${formatBans(bans, now(), owners)}\n` : ''}`,
      );
  }
}

/** The bans in force, read anew only when the trail grew: they follow from its rows and from the time. */
function followBans({ reader }: OpenTrail): (nowMs: number) => readonly ActiveBan[] {
  let newest = -1;
  let known: readonly ActiveBan[] = [];
  return (nowMs) => {
    const id = reader.query({ newestFirst: true, limit: 1 })[0]?.id ?? 0;
    if (id !== newest) known = reader.activeBans(nowMs);
    newest = id;
    return known.filter(({ untilMs }) => isInForce(untilMs, nowMs));
  };
}

/** A title, the table as far as it fits, and what did not. */
function formatFrame(
  active: readonly ActiveBan[],
  select: Select,
  nowMs: number,
  rows: number,
  owners: Owners,
): string {
  const bans = select(active, nowMs);
  // Title, header, and the line that says how many more there are.
  const fitting = bans.length <= rows - 2 ? bans.length : Math.max(0, rows - 3);
  const count = countShown(bans.length, active.length);
  const lines = [`${count}, ${formatTime(nowMs)}; q ends`, formatBans(bans.slice(0, fitting), nowMs, owners)];
  if (fitting < bans.length) lines.push(`… ${formatCount(bans.length - fitting)} more`);
  return lines.join('\n');
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

/** What a narrow terminal does without, first of all what LEFT says as well; zban explain has it. */
const SPARE = ['UNTIL', 'SINCE', 'BY'];
const WHO_COLUMNS = 36;

/** The bans as a table, local times. */
function formatBans(bans: readonly ActiveBan[], nowMs: number, owners: Owners): string {
  const named = owners(bans.map(({ client }) => client));
  const who = new Map(named?.map((text, index) => [bans[index], cutText(text, WHO_COLUMNS)]));
  const table: readonly Column<ActiveBan>[] = [
    { heading: 'CLIENT', cell: ({ client, numbers }) => nameClient(client, numbers) },
    { heading: 'CONDITION', cell: ({ condition }) => condition },
    { heading: 'LEFT', cell: ({ untilMs }) => formatLeft(untilMs, nowMs) },
    { heading: 'TIER', cell: ({ tier }) => formatTier(tier) },
    { heading: 'STATE', cell: stateOf },
    { heading: 'BY', cell: ({ actor }) => actor },
    { heading: 'SINCE', cell: ({ sinceMs }) => formatTime(sinceMs) },
    { heading: 'UNTIL', cell: ({ untilMs }) => (untilMs === null ? '–' : formatTime(untilMs)) },
    ...(named ? [{ heading: 'WHO', cell: (ban: ActiveBan) => who.get(ban) ?? '' }] : []),
    // CONDITION says it.
    { heading: 'REASON', cell: ({ actor, reason }) => (actor === 'policy' ? '' : reason) },
  ];
  return formatTable(table, bans, columnsOf(process.stdout), SPARE);
}

/** What a ban amounts to: `banned`, `pending` until the kernel listed it, `observed` where nothing is enforced. */
function stateOf(ban: ActiveBan): string {
  if (!ban.enforced) return 'observed';
  return ban.confirmed ? 'banned' : 'pending';
}
