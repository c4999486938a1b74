/**
 * Bans as elements of hash sets with kernel-side timeouts, in a table of zban's own (nft(8)). No other table's accept lets
 * a packet pass that this one drops, so there are no jumps to keep first.
 */
import { type EnforcementBackend, EnforcementError, unlessRefused } from './backend.ts';
import type { CommandRunner } from './command.ts';
import {
  additionLines,
  elementOf,
  elementsLine,
  NFT_TIMEOUT_MAX_MS,
  portions,
  readElements,
  removalLines,
} from './nftables-elements.ts';
import {
  createTableReader,
  findFaults,
  fittingSets,
  type NftTable,
  parseSetName,
  setLines,
  tableLines,
  tableName,
} from './nftables-table.ts';
import { sortOperations, throwRefusals } from './target.ts';

export interface NftablesOptions {
  readonly run: CommandRunner;
  /** `firewall.chain`. */
  readonly chain: string;
  readonly protectPorts: readonly number[];
  readonly now: () => number;
}

export function createNftablesBackend({ run, chain, protectPorts, now }: NftablesOptions): EnforcementBackend {
  const table = tableName(chain);
  /** Sets that stand in the table, as last seen. */
  const sets = new Set<string>();
  const faultsOf = (standing: NftTable | undefined) => findFaults(standing, sets, protectPorts);
  const listSet = async (name: string) => {
    const { stdout } = await run({ argv: ['nft', '-j', 'list', 'set', 'inet', table, name] });
    return readElements(stdout, name, now());
  };

  return {
    name: 'nftables',
    longestMs: NFT_TIMEOUT_MAX_MS,
    async setUp() {
      const standing = await readTable(run, table);
      for (const name of standing ? fittingSets(standing) : []) sets.add(name);
      const found = faultsOf(standing);
      if (found.length > 0) await replaceTable(run, table, standing, tableLines(table, sets, protectPorts));
      return found;
    },
    async list() {
      const standing = await readTable(run, table);
      return (await Promise.all((standing ? fittingSets(standing) : []).map(listSet))).flat();
    },
    async confirm(operations, nowMs) {
      const { removals, additions, refusals } = sortOperations(operations, nowMs);
      if (refusals.length > 0) return false;
      const [standing, holds] = await Promise.all([
        readTable(run, table),
        wouldWork(run, [
          ...portions(additions, ({ target }) => target).map(({ name, items }) =>
            elementsLine(
              'delete',
              table,
              name,
              items.map(({ target }) => elementOf(target)),
            ),
          ),
          ...portions(removals, (target) => target)
            .filter(({ name }) => sets.has(name))
            .map(({ name, items }) => elementsLine('create', table, name, items.map(elementOf))),
        ]),
      ]);
      return holds && faultsOf(standing).length === 0;
    },
    async apply(operations, nowMs) {
      const { removals, additions, refusals } = sortOperations(operations, nowMs);
      for (const { name, items } of portions(removals, (target) => target)) {
        if (sets.has(name)) await write(run, removalLines(table, name, items));
      }
      for (const { name, items } of portions(additions, ({ target }) => target)) {
        const lines = additionLines(table, name, items, nowMs);
        await write(run, sets.has(name) ? lines : [...setLines(table, name), ...lines]);
        sets.add(name);
      }
      throwRefusals(refusals);
    },
  };
}

/** Rejects unless zban's table could be made here: tool, right, kernel and name. Changes nothing. */
export async function tryTable(run: CommandRunner, chain: string): Promise<void> {
  await run({
    argv: ['nft', '-c', '-f', '-'],
    stdin: script(tableLines(tableName(chain), ['ipv4_32', 'ipv6_64'], [22])),
  });
}

/** Takes zban's table out; none is no error. */
export async function removeTable(run: CommandRunner, chain: string): Promise<void> {
  const table = tableName(chain);
  const standing = await readTable(run, table).catch(unlessRefused);
  if (standing) await write(run, [`delete table inet ${table}`]);
}

async function readTable(run: CommandRunner, table: string): Promise<NftTable | undefined> {
  const reader = createTableReader(table);
  // Only the whole ruleset is listed without fetching the elements: nft 1.0 fetches them for one table, however terse.
  await run({ argv: ['nft', '-s', '-t', 'list', 'ruleset', 'inet'], onLine: reader.onLine });
  return reader.finish();
}

/** One transaction: all of it or nothing. */
async function write(run: CommandRunner, lines: readonly string[]): Promise<void> {
  await run({ argv: ['nft', '-f', '-'], stdin: script(lines) });
}

/** What the kernel would say to a transaction: the cheap way to ask for elements (`nft get element` fetches the whole set). */
async function wouldWork(run: CommandRunner, lines: readonly string[]): Promise<boolean> {
  try {
    await run({ argv: ['nft', '-c', '-f', '-'], stdin: script(lines) });
    return true;
  } catch (error) {
    if (error instanceof EnforcementError && error.code === 'kernel_refused') return false;
    throw error;
  }
}

/** Mends the table; where sets or the chain are of another kind, it is made anew without its elements. */
async function replaceTable(
  run: CommandRunner,
  table: string,
  standing: NftTable | undefined,
  lines: readonly string[],
): Promise<void> {
  const anew = [`add table inet ${table}`, `delete table inet ${table}`, ...lines];
  const fitting = standing ? fittingSets(standing) : [];
  const isSpoilt = [...(standing?.sets.keys() ?? [])].some((name) => parseSetName(name) && !fitting.includes(name));
  if (isSpoilt) return write(run, anew);
  await write(run, lines).catch((error: unknown) => {
    if (error instanceof EnforcementError && error.code === 'kernel_refused') return write(run, anew);
    throw error;
  });
}

function script(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
