/** `zban ban`, `unban` and `allow`: asks the daemon and says what became of each target. */
import { existsSync } from 'node:fs';
import { ControlError } from '../../control/error.ts';
import type { BanOrder, Progress, TargetResult, UnbanRequest } from '../../control/protocol.ts';
import { formatCount } from '../../english/number.ts';
import { printable } from '../../model/text.ts';
import { listAllowed } from '../allowed.ts';
import { askInPieces, printListResults, printResults } from '../ask-daemon.ts';
import { type LoadedList, loadList } from '../ban-list/load-list.ts';
import { parsePlain } from '../ban-list/plain.ts';
import { confirmWide } from '../confirm.ts';
import { type Context, loadNecessary, logOf, requireSections, requireSocket, whoAsks } from '../context.ts';
import type { ALLOW, BAN, UNBAN } from '../definitions/bans.ts';
import type { Given } from '../definitions/command.ts';
import { wrongUsage } from '../exit.ts';
import { readBanDuration, readTargets, STDIN } from '../options.ts';
import { ProgressBar } from '../progress-bar.ts';
import { reachDaemon } from '../reach-daemon.ts';

export async function ban(context: Context, options: Given<typeof BAN>): Promise<number> {
  const forMs = readBanDuration(options.for);
  const list = await readList(options);
  const listed = list?.bans.map((order): BanOrder => ({ ...order, condition: 'list' }));
  const bans: readonly BanOrder[] =
    listed ?? readTargets(options.targets ?? [], { option: 'for' }).map((target) => ({ target }));
  if (!list && bans.length === 0) throw wrongUsage('which addresses? Or --file FILE');
  if (!options.yes) await confirmWide(bans.map(({ target }) => target));
  const common = { ...whoAsks(context, options), ...(forMs !== undefined && { forMs }), keepLonger: false };
  const socket = requireSocket(context);
  const results = await askInPieces(bans, (some) => reachDaemon(context, socket, 'ban', { ...common, bans: some }));
  return list ? printListResults(context, list, results) : printResults(context, options.targets ?? [], results);
}

export async function unban(context: Context, options: Given<typeof UNBAN>): Promise<number> {
  const { all = false } = options;
  const list = await readList(options);
  const targets = list?.bans.map(({ target }) => target) ?? readTargets(options.targets ?? [], { option: 'all' });
  const some = list !== undefined || targets.length > 0;
  if (all && some) throw wrongUsage('either --all or addresses, not both');
  if (!all && !some) throw wrongUsage('which addresses? Or --file FILE, or --all');
  const common = { ...whoAsks(context, options), all };
  const results = await askInPieces(targets, (piece) => askUnban(context, { ...common, targets: piece }));
  if (list) return printListResults(context, list, results);
  const exitCode = printResults(context, options.targets ?? [], results);
  const [first, ...others] = results;
  if (!context.json && first?.code === 'not_found' && others.length === 0) context.output.talk(blockedElsewhere(first));
  return exitCode;
}

/** What to do next for who looks for what blocks one client, and it is no ban. */
const blockedElsewhere = ({ target }: TargetResult): string =>
  `zban: if it is blocked all the same: zban explain ${printable(target)} shows its requests, zban doctor who else bans here`;

/** Lifts bans and shows how far that is; what breaks off says how far it came. */
async function askUnban(context: Context, request: UnbanRequest): Promise<readonly TargetResult[]> {
  const told: TargetResult[] = [];
  const bar = new ProgressBar('lift');
  let far = '';
  const onProgress = ({ done, of, results }: Progress) => {
    for (const result of results) told.push(result);
    far = `; ${formatCount(done)} of ${formatCount(of)} bans are lifted, run it again for the rest`;
    bar.show(done / of, done, 'bans');
  };
  try {
    return told.concat(await requestUnban(context, request, onProgress));
  } catch (error) {
    if (far === '' || !(error instanceof ControlError)) throw error;
    throw new ControlError(error.code, error.message + far, { cause: error });
  } finally {
    bar.clear();
  }
}

/** Of the daemon, or of the database and the kernel themselves while it is stopped. */
async function requestUnban(
  context: Context,
  request: UnbanRequest,
  onProgress: (progress: Progress) => void,
): Promise<readonly TargetResult[]> {
  const socket = requireSocket(context);
  try {
    return await reachDaemon(context, socket, 'unban', request, { onProgress });
  } catch (error) {
    const isStopped = error instanceof ControlError && error.code === 'not_running';
    if (!isStopped || !existsSync(requireSections(context, ['state']).state.database)) throw error;
    const { config, version } = loadNecessary(context);
    // Loaded only here: the daemon's parts take their time.
    const { unbanOffline } = await import('../../daemon/offline/unban-offline.ts');
    return unbanOffline(config, version, request, logOf(context), async (progress) => onProgress(progress));
  }
}

export async function allow(context: Context, options: Given<typeof ALLOW>): Promise<number> {
  const { remove = false } = options;
  const targets = readTargets(options.targets ?? [], { names: true });
  if (targets.length === 0 && remove) throw wrongUsage('which addresses?');
  if (targets.length === 0) return listAllowed(context);
  const common = { ...whoAsks(context, options), remove };
  const socket = requireSocket(context);
  const results = await askInPieces(targets, (some) =>
    reachDaemon(context, socket, 'allow', { ...common, targets: some }),
  );
  return printResults(context, options.targets ?? [], results);
}

/** The list that is meant by `--file FILE`, or by `-` in the place of addresses. */
async function readList({
  file,
  targets = [],
}: Pick<Given<typeof BAN>, 'file' | 'targets'>): Promise<LoadedList | undefined> {
  const path = file ?? (targets.includes(STDIN) ? STDIN : undefined);
  if (path === undefined) return undefined;
  if (targets.some((target) => target !== STDIN)) throw wrongUsage('either a list or addresses, not both');
  return loadList(path, parsePlain);
}
