/**
 * Bans as elements of hash sets with kernel-side timeouts, in a table of zban's own (nft(8)). No other table's accept lets
 * a packet pass that this one drops, so there are no jumps to keep first.
 */

import { isInForce } from '../model/reconcile.ts';
import { type EnforcementBackend, EnforcementError, type HeldBans, type KernelBan, unlessRefused } from './backend.ts';
import type { BackendKind, OpenFirewall } from './backend-kind.ts';
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
  setName,
  tableLines,
  tableName,
} from './nftables-table.ts';
import { sortOperations, throwRefusals } from './target.ts';

/**
 * The kernel takes time by the square of a set's size to list it (100,000: 0.6 s; a million: 60 s, and 650 MB of nft's memory),
 * and begins anew whenever a ban is added meanwhile.
 */
const LIST_MAX = 10_000;
/** Bans that end this soon are not asked for: the kernel may end them while they are. */
const ENDING_MS = 60_000;

function open({ run, settings, now, log }: OpenFirewall): EnforcementBackend {
  const { chain, protect_ports: ports } = settings;
  const table = tableName(chain);
  /** Sets that stand in the table, as last seen. */
  const sets = new Set<string>();
  const seeSets = (standing: NftTable | undefined): void => {
    for (const name of standing ? fittingSets(standing) : []) sets.add(name);
  };
  const faultsOf = (standing: NftTable | undefined) => findFaults(standing, sets, ports);
  const listAll = async (onBan: (ban: KernelBan) => void): Promise<void> => {
    const standing = await readTable(run, table);
    const found = standing ? fittingSets(standing) : [];
    await Promise.all(
      found.map(async (name) => {
        const { stdout } = await run({ argv: ['nft', '-j', 'list', 'set', 'inet', table, name] });
        for (const ban of readElements(stdout, name, now())) onBan(ban);
      }),
    );
  };
  /** Asks for the known bans a batch at a time; a batch that lacks one is not reported, and hence written again. */
  const checkAll = async (onBan: (ban: KernelBan) => void, known: HeldBans): Promise<void> => {
    function* lasting(): Generator<KernelBan> {
      for (const ban of known.heldBans()) {
        if (isInForce(ban.untilMs, now() + ENDING_MS)) yield ban;
        else onBan(ban);
      }
    }
    for (const { name, items } of portions(lasting(), ({ target }) => target)) {
      const elements = items.map(({ target }) => elementOf(target));
      if (await wouldWork(run, [elementsLine('delete', table, name, elements)])) items.forEach(onBan);
    }
  };

  return {
    name: 'nftables',
    longestMs: NFT_TIMEOUT_MAX_MS,
    async setUp() {
      const standing = await readTable(run, table);
      seeSets(standing);
      const found = faultsOf(standing);
      if (found.length > 0) await replaceTable(run, table, standing, tableLines(table, sets, ports));
      return found;
    },
    async list(onBan, known) {
      if (known.heldCount > LIST_MAX) return checkAll(onBan, known);
      await listAll(onBan).catch((error: unknown) => {
        if (!(error instanceof EnforcementError && error.code === 'timeout')) throw error;
        log('warn', 'an earlier run left more bans than nft can list: emptying the sets and filling them anew');
        return write(
          run,
          [...sets].map((name) => `flush set inet ${table} ${name}`),
        );
      });
    },
    async confirm(operations, nowMs) {
      const { removals, additions, refusals } = sortOperations(operations, nowMs);
      if (refusals.length > 0) return false;
      const linesOf = (command: string, targets: readonly string[]) =>
        [...portions(targets, (target) => target)].map(({ name, items }) =>
          elementsLine(command, table, name, items.map(elementOf)),
        );
      const added = additions.map(({ target }) => target);
      // A set that is not there holds nothing.
      const removed = removals.filter((target) => sets.has(setName(target)));
      const [standing, holds] = await Promise.all([
        readTable(run, table),
        wouldWork(run, [...linesOf('delete', added), ...linesOf('create', removed)]),
      ]);
      return holds && faultsOf(standing).length === 0;
    },
    async apply(operations, nowMs) {
      const { removals, additions, refusals } = sortOperations(operations, nowMs);
      // Nothing was set up by this run, such as a command beside a stopped daemon.
      if (removals.length > 0 && sets.size === 0) seeSets(await readTable(run, table));
      for (const { name, items } of portions(removals, (target) => target)) {
        if (sets.has(name)) await write(run, removalLines(table, name, items));
      }
      for (const { name, items } of portions(additions, ({ target }) => target)) {
        const lines = additionLines(table, name, items, now());
        await write(run, sets.has(name) ? lines : [...setLines(table, name), ...lines]);
        sets.add(name);
      }
      throwRefusals(refusals);
    },
  };
}

export const nftables: BackendKind = {
  open,
  async probe({ run, settings }) {
    const lines = tableLines(tableName(settings.chain), ['ipv4_32', 'ipv6_64'], [22]);
    await run({ argv: ['nft', '-c', '-f', '-'], stdin: script(lines) });
  },
  leavings: [({ run, settings }) => removeTable(run, settings.chain)],
  async look(ask, { chain }) {
    const tables = await ask('nft', 'list', 'tables');
    if (tables === undefined) return { unseen: 'nft list tables' };
    const table = `table inet ${tableName(chain)}`;
    return tables.split('\n').includes(table) ? { stands: `${table} stands` } : { missing: table };
  },
  packages: 'nftables',
};

/** Takes zban's table out; none is no error. */
async function removeTable(run: CommandRunner, chain: string): Promise<void> {
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

/** Repairs the table; where sets or the chain are of another kind, it is made anew without its elements. */
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
