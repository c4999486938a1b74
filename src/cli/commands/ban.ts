/** `zban ban`, `unban` and `allow`: asks the daemon and says what became of each target. */
import { callDaemon } from '../../control/client.ts';
import type { TargetResult } from '../../control/protocol.ts';
import { TARGETS_MAX } from '../../control/request.ts';
import { type Context, operatorName, requireSections } from '../context.ts';
import { CommandError, EXIT, type ExitCode } from '../exit.ts';
import { readBanDuration, readTargets } from '../options.ts';
import { printable } from '../text.ts';

interface TargetOptions {
  readonly targets?: readonly string[] | undefined;
  readonly reason?: string | undefined;
}

export async function ban(context: Context, options: TargetOptions & { readonly for?: string | undefined }) {
  const targets = readTargets(options.targets ?? []);
  const forMs = readBanDuration(options.for);
  const length = forMs === undefined ? {} : { forMs };
  return perform(context, targets, (some, common) => callDaemon(common.socket, 'ban', { ...some, ...length }), options);
}

export async function unban(context: Context, options: TargetOptions & { readonly all?: boolean | undefined }) {
  const { all = false } = options;
  const targets = readTargets(options.targets ?? []);
  if (all === targets.length > 0) {
    throw new CommandError(EXIT.usage, all ? 'either --all or addresses, not both' : 'which addresses? Or --all');
  }
  return perform(context, targets, (some, common) => callDaemon(common.socket, 'unban', { ...some, all }), options);
}

export async function allow(context: Context, options: TargetOptions & { readonly remove?: boolean | undefined }) {
  const { remove = false } = options;
  const targets = readTargets(options.targets ?? [], true);
  return perform(context, targets, (some, common) => callDaemon(common.socket, 'allow', { ...some, remove }), options);
}

type Call = (
  request: { readonly targets: readonly string[]; readonly reason: string; readonly operator: string },
  common: { readonly socket: string },
) => Promise<readonly TargetResult[]>;

async function perform(
  context: Context,
  targets: readonly string[],
  call: Call,
  options: TargetOptions,
): Promise<number> {
  const { socket } = requireSections(context, ['control']).control;
  const common = { reason: options.reason ?? '', operator: operatorName(context.env) };
  const results: TargetResult[] = [];
  // One request even without targets: unban --all.
  for (let start = 0; start === 0 || start < targets.length; start += TARGETS_MAX) {
    results.push(...(await call({ ...common, targets: targets.slice(start, start + TARGETS_MAX) }, { socket })));
  }
  if (context.json) context.output.json(results);
  else for (const result of results) tellResult(context, result);
  return exitCodeOfResults(results);
}

function tellResult({ output }: Context, { target, ok, message }: TargetResult): void {
  const text = `${printable(target)}: ${printable(message)}`;
  if (ok) output.data(text);
  else output.talk(`zban: ${text}`);
}

/** The gravest of what went wrong: 1 refused or failed, 2 no address, 5 not found. */
export function exitCodeOfResults(results: readonly TargetResult[]): ExitCode {
  const bad = new Set(results.filter((result) => !result.ok).map((result) => result.code));
  if (bad.has('failed') || bad.has('protected')) return EXIT.failed;
  if (bad.has('invalid')) return EXIT.usage;
  if (bad.has('not_found')) return EXIT.notFound;
  return bad.size > 0 ? EXIT.failed : EXIT.done;
}
