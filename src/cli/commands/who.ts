import type { Config } from '../../config/schema.ts';
import { describeWho } from '../../english/who.ts';
import { WhoTable, WhoTableError } from '../../host/who-table.ts';
import { updateWhoTable } from '../../host/who-update.ts';
import { printable } from '../../model/text.ts';
import type { Who } from '../../model/who.ts';
import { type Prefix, parsePrefix } from '../../net/prefix.ts';
import { type Context, requireSections } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { WHO } from '../definitions/reading.ts';
import { EXIT, wrongUsage } from '../exit.ts';
import { readTargets } from '../options.ts';
import { openFinder } from '../who-column.ts';

const UPDATE = 'update';
const ADDRESSES_MAX = 256;

/** `zban who`: who is behind addresses, one line each; `zban who update --file FILE` takes over a new table of networks. */
export async function who(context: Context, { targets, file }: Given<typeof WHO>): Promise<number> {
  const config = requireSections(context, ['who', 'detection']);
  if (targets.includes(UPDATE)) return update(context, config.who.table, targets, file);
  if (file !== undefined) throw wrongUsage('--file goes with update: zban who update --file FILE');
  const names = readTargets(targets);
  if (names.length > ADDRESSES_MAX) throw wrongUsage(`at most ${ADDRESSES_MAX} addresses at once`);
  const found = await askWho(
    config,
    names.flatMap((name) => parsePrefix(name) ?? []),
  );
  if (context.json) {
    context.output.json(names.map((ip, index) => ({ ip, ...whoJson(found[index] ?? {}) })));
    return EXIT.done;
  }
  for (const [index, name] of names.entries()) {
    const text = describeWho(found[index] ?? {});
    context.output.say(printable(`${name} · ${text === '' ? 'nothing is known' : text}`));
  }
  if (found.some(({ owner }) => !owner)) warnOfTable(context, config.who.table);
  return EXIT.done;
}

/** Who is behind each prefix; DNS is asked where the configuration allows it. */
export async function askWho(config: Pick<Config, 'who' | 'detection'>, prefixes: readonly Prefix[]): Promise<Who[]> {
  const finder = openFinder(config);
  return config.who.dns ? finder.find(prefixes) : finder.findKnown(prefixes);
}

export function whoJson({ owner, hostName, hostNameConfirmed, robot }: Who): Readonly<Record<string, unknown>> {
  return {
    asn: owner?.asn || null,
    name: owner?.name || null,
    country: owner?.country || null,
    host_name: hostName ?? null,
    host_name_confirmed: hostNameConfirmed ?? null,
    robot: robot ?? null,
  };
}

async function update(
  { output, json }: Context,
  table: string,
  targets: readonly string[],
  file: string | undefined,
): Promise<number> {
  if (targets.length > 1 || file === undefined) throw wrongUsage('which file? zban who update --file FILE');
  const { ranges, madeMs } = await updateWhoTable(file, table);
  const made = new Date(madeMs).toISOString().slice(0, 10);
  if (json) output.json({ table, ranges, made });
  else output.say(`${printable(table)}: ${ranges} ranges of addresses, data of ${made}`);
  return EXIT.done;
}

/** Why the table does not know somebody. */
function warnOfTable({ output }: Context, path: string): void {
  try {
    const table = new WhoTable(path);
    output.talk(`zban: who.table ${printable(path)} is of ${new Date(table.madeMs).toISOString().slice(0, 10)}`);
    table.close();
  } catch (error) {
    if (!(error instanceof WhoTableError)) throw error;
    const missing = `zban has no table of networks at ${path}: get one of iptoasn.com or an .mmdb file, then zban who update --file FILE`;
    output.talk(`zban: ${printable(error.code === 'missing' ? missing : error.message)}`);
  }
}
