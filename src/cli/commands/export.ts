import { withTrail } from '../../record/trail/open-trail.ts';
import { formatDecisions } from '../ban-list/crowdsec.ts';
import { formatJson } from '../ban-list/json.ts';
import { formatPlain } from '../ban-list/plain.ts';
import { type Context, requireSections } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { EXPORT } from '../definitions/reading.ts';
import { EXIT } from '../exit.ts';
import { readSelection } from '../selection.ts';
import { warnIfStale } from '../stale.ts';

/**
 * `zban export`: the bans in force as a list for `zban import` on another host or for other tools; works with the daemon
 * stopped. Would-be bans are left out unless they are asked for: anyone who takes the list over would enforce them.
 */
export async function exportBans(context: Context, options: Given<typeof EXPORT>): Promise<number> {
  const { output, json, now } = context;
  const select = readSelection(options);
  const { format = json ? 'json' : 'plain', observed = false } = options;
  const active = await withTrail(requireSections(context, ['state']).state.database, ({ reader }) =>
    reader.activeBans(now()),
  );
  await warnIfStale(context);
  const exported = observed ? active : active.filter(({ enforced }) => enforced);
  const left = active.length - exported.length;
  if (left > 0) {
    const [what, them] =
      left === 1 ? ['would-be ban of observe mode is', 'it'] : ['would-be bans of observe mode are', 'them'];
    output.talk(`zban: ${left} ${what} left out: --observed takes ${them} along`);
  }
  const bans = select(exported, now());
  if (format === 'json') output.data(formatJson(bans));
  else if (format === 'crowdsec') output.data(formatDecisions(bans, now()));
  else if (bans.length > 0) output.data(formatPlain(bans));
  return EXIT.done;
}
