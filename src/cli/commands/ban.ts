/** `zban ban`, `unban` and `allow`: asks the daemon and says what became of each target. */
import { callDaemon } from '../../control/client.ts';
import type { BanOrder } from '../../control/protocol.ts';
import { askInPieces, tellListResults, tellResults } from '../ask-daemon.ts';
import { type LoadedList, loadList } from '../ban-list/load-list.ts';
import { parsePlain } from '../ban-list/plain.ts';
import { type Context, operatorName, requireSections } from '../context.ts';
import { CommandError, EXIT } from '../exit.ts';
import { readBanDuration, readTargets, STDIN } from '../options.ts';

interface TargetOptions {
  readonly targets?: readonly string[] | undefined;
  readonly reason?: string | undefined;
}

interface ListOptions extends TargetOptions {
  readonly file?: string | undefined;
}

export async function ban(
  context: Context,
  options: ListOptions & { readonly for?: string | undefined },
): Promise<number> {
  const forMs = readBanDuration(options.for);
  const list = await readList(options);
  const bans: readonly BanOrder[] = list?.bans ?? readTargets(options.targets ?? []).map((target) => ({ target }));
  if (!list && bans.length === 0) throw new CommandError(EXIT.usage, 'which addresses? Or --file FILE');
  const common = { ...whoAsks(context, options), ...(forMs !== undefined && { forMs }), keepLonger: false };
  const { socket } = requireSections(context, ['control']).control;
  const results = await askInPieces(bans, (some) => callDaemon(socket, 'ban', { ...common, bans: some }));
  return list ? tellListResults(context, list, results) : tellResults(context, results);
}

export async function unban(
  context: Context,
  options: ListOptions & { readonly all?: boolean | undefined },
): Promise<number> {
  const { all = false } = options;
  const list = await readList(options);
  const targets = list?.bans.map(({ target }) => target) ?? readTargets(options.targets ?? []);
  const some = list !== undefined || targets.length > 0;
  if (all && some) throw new CommandError(EXIT.usage, 'either --all or addresses, not both');
  if (!all && !some) throw new CommandError(EXIT.usage, 'which addresses? Or --file FILE, or --all');
  const common = { ...whoAsks(context, options), all };
  const { socket } = requireSections(context, ['control']).control;
  const results = await askInPieces(targets, (piece) => callDaemon(socket, 'unban', { ...common, targets: piece }));
  return list ? tellListResults(context, list, results) : tellResults(context, results);
}

export async function allow(
  context: Context,
  options: TargetOptions & { readonly remove?: boolean | undefined },
): Promise<number> {
  const common = { ...whoAsks(context, options), remove: options.remove ?? false };
  const targets = readTargets(options.targets ?? [], true);
  const { socket } = requireSections(context, ['control']).control;
  const results = await askInPieces(targets, (some) => callDaemon(socket, 'allow', { ...common, targets: some }));
  return tellResults(context, results);
}

function whoAsks(
  { env }: Context,
  { reason = '' }: TargetOptions,
): { readonly reason: string; readonly operator: string } {
  return { reason, operator: operatorName(env) };
}

/** The list that is meant by `--file FILE`, or by `-` in the place of addresses. */
async function readList({ file, targets = [] }: ListOptions): Promise<LoadedList | undefined> {
  const path = file ?? (targets.includes(STDIN) ? STDIN : undefined);
  if (path === undefined) return undefined;
  if (targets.some((target) => target !== STDIN))
    throw new CommandError(EXIT.usage, 'either a list or addresses, not both');
  return loadList(path, parsePlain);
}
