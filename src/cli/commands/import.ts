import { basename } from 'node:path';
import { askInPieces, printListResults } from '../ask-daemon.ts';
import { parseList } from '../ban-list/formats.ts';
import { loadList } from '../ban-list/load-list.ts';
import { type Context, requireSocket, whoAsks } from '../context.ts';
import type { IMPORT } from '../definitions/bans.ts';
import type { Given } from '../definitions/command.ts';
import { readBanDuration } from '../options.ts';
import { reachDaemon } from '../reach-daemon.ts';

/**
 * `zban import`: bans what a list names, by the rules of `zban ban`; bans that last longer already stay as they are, so
 * that a list can be imported again and again.
 */
export async function importBans(context: Context, options: Given<typeof IMPORT>): Promise<number> {
  const forMs = readBanDuration(options.for);
  const list = await loadList(options.file, (text) => parseList(text, options.format));
  const common = {
    ...(forMs !== undefined && { forMs }),
    ...whoAsks(context, { reason: options.reason ?? `imported from ${basename(list.name)}` }),
    keepLonger: true,
  };
  const bans = list.bans.map((ban) => ({ ...ban, condition: ban.condition ?? 'import' }));
  const socket = requireSocket(context);
  const results = await askInPieces(bans, (some) => reachDaemon(context, socket, 'ban', { ...common, bans: some }));
  return printListResults(context, list, results);
}
