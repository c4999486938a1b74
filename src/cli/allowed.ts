/** `zban allow` without targets: who is never banned. Works with the daemon stopped. */
import { existsSync } from 'node:fs';
import { withTrail } from '../record/trail/open-trail.ts';
import { type Context, requireSections } from './context.ts';
import { EXIT } from './exit.ts';
import { warnIfStale } from './stale.ts';
import { columnsOf } from './style.ts';
import { type Column, formatTable } from './table.ts';
import { formatTime } from './text.ts';

interface AllowedEntry {
  readonly entry: string;
  /** Who allowed it; `config` is bans.allowlist. */
  readonly by: string;
  /** RFC 3339; null where only the configuration knows. */
  readonly since: string | null;
  readonly reason: string;
  /** Always null so far: until somebody removes it. */
  readonly until: null;
}

const TABLE: readonly Column<AllowedEntry>[] = [
  { heading: 'ENTRY', cell: ({ entry }) => entry },
  { heading: 'BY', cell: ({ by }) => by },
  { heading: 'SINCE', cell: ({ since }) => (since === null ? '–' : formatTime(Date.parse(since))) },
  { heading: 'REASON', cell: ({ reason }) => reason },
];

export async function listAllowed(context: Context): Promise<number> {
  const { output, json } = context;
  const { state, bans } = requireSections(context, ['state', 'bans']);
  const ordered = existsSync(state.database) ? await withTrail(state.database, ({ reader }) => reader.allowed()) : [];
  await warnIfStale(context);
  const entries: AllowedEntry[] = [
    ...bans.allowlist.map((entry) => ({ entry, by: 'config', since: null, reason: 'bans.allowlist', until: null })),
    ...ordered.map(({ entry, actor, sinceMs, reason }) => {
      return { entry, by: actor, since: new Date(sinceMs).toISOString(), reason, until: null };
    }),
  ];
  if (json) output.json(entries);
  else if (entries.length === 0)
    output.talk('nobody is on the allowlist; zban never bans this host, its gateway or SSH sessions');
  else output.data(formatTable(TABLE, entries, columnsOf(process.stdout)));
  return EXIT.done;
}
