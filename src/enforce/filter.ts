/** Reads and changes zban's part of the filter tables of both families through iptables. */
import type { Log } from '../model/log.ts';
import { EnforcementError, unlessRefused } from './backend.ts';
import type { BackendKind } from './backend-kind.ts';
import type { CommandRunner } from './command.ts';
import { comesFirst, createTableReader, type FilterTable, HOOKS, planRemoval, planRepair } from './filter-table.ts';
import type { Family } from './target.ts';

export interface FilterOptions {
  readonly run: CommandRunner;
  /** `firewall.chain`. */
  readonly chain: string;
  /** Seconds to wait for the xtables lock; below the runner's time limit, so that a held lock is told as such. */
  readonly lockWaitSeconds: number;
  /** Which of the two iptables, where the host's default is not meant. */
  readonly variant?: '' | '-nft' | '-legacy';
  readonly log: Log;
}

export interface Filter {
  readonly chain: string;
  /** The tables of the families this host has. A host without IPv6 works with IPv4 alone, which is said once. */
  readAll(): Promise<ReadonlyMap<Family, FilterTable>>;
  read(family: Family): Promise<FilterTable>;
  /** Repairs what stands otherwise than it should; resolves to what was found wrong. */
  repair(family: Family, table: FilterTable, rules: readonly string[]): Promise<readonly string[]>;
  /** Changes the table in one commit. */
  commit(family: Family, batch: readonly string[]): Promise<void>;
  /** Takes chain and jumps out of both families. */
  remove(): Promise<void>;
  /** Why IPv6 cannot be enforced, undefined while it can. */
  findIpv6Absence(): string | undefined;
}

export const FAMILIES: readonly Family[] = [4, 6];

/**
 * Lines of a table beyond which its chains are listed one by one: three processes more cost a daemon as much as so many lines.
 * While others change a table of tens of thousands of rules its listing begins anew, and never ends.
 */
const WHOLE_LINES_MAX = 5000;

/** For `catch` of a chain's listing: one that does not exist is an answer. */
function unlessAbsent(error: unknown): void {
  // iptables-nft 1.8.9 takes a name that it does not know for a chain of nft's.
  const isAbsent = error instanceof EnforcementError && /No chain|does not exist|is incompatible/.test(error.message);
  if (!isAbsent) throw error;
}

export function createFilter({ run, chain, lockWaitSeconds, variant = '', log }: FilterOptions): Filter {
  let ipv6Absence: string | undefined;
  const wait = String(lockWaitSeconds);
  /** Whose tables are large, or changed so often that they cannot be listed whole. */
  const listedByChain = new Set<Family>();
  const tool = (family: Family, suffix = '') => `${family === 4 ? 'iptables' : 'ip6tables'}${variant}${suffix}`;

  const list = (family: Family, onLine: (line: string) => void, ...of: readonly string[]) =>
    run({ argv: [tool(family), '-w', wait, '-S', ...of], onLine });
  /** By one process; undefined where that is known to take too long. */
  const readWhole = async (family: Family): Promise<FilterTable | undefined> => {
    if (listedByChain.has(family)) return undefined;
    const reader = createTableReader(chain);
    let lines = 0;
    const onLine = (line: string) => {
      lines++;
      reader.onLine(line);
    };
    const isWhole = await list(family, onLine).then(() => true, unlessTooSlow);
    if (!isWhole || lines > WHOLE_LINES_MAX) listedByChain.add(family);
    return isWhole ? reader.finish() : undefined;
  };
  const readChains = async (family: Family): Promise<FilterTable> => {
    const reader = createTableReader(chain);
    const [input, forward, ...perhaps] = [...HOOKS, chain].map((name) => list(family, reader.onLine, name));
    await Promise.all([input, forward, ...perhaps.map((listing) => listing.catch(unlessAbsent))]);
    return reader.finish();
  };

  const filter: Filter = {
    chain,
    async read(family) {
      const table = (await readWhole(family)) ?? (await readChains(family));
      if (table.hooks.has('INPUT') && table.hooks.has('FORWARD')) return table;
      throw new EnforcementError('bad_output', `${tool(family)} -S did not list the chains INPUT and FORWARD`);
    },
    async readAll() {
      const [ipv4, ipv6] = await Promise.all([filter.read(4), filter.read(6).catch(toAbsence)]);
      const absence = typeof ipv6 === 'string' ? ipv6 : undefined;
      if (absence && !ipv6Absence)
        log('warn', 'IPv6 cannot be enforced here; zban goes on with IPv4 alone', { why: absence });
      ipv6Absence = absence;
      const tables = new Map<Family, FilterTable>([[4, ipv4]]);
      return typeof ipv6 === 'string' ? tables : tables.set(6, ipv6);
    },
    async repair(family, table, rules) {
      const { batch, found } = planRepair(table, chain, rules);
      if (batch.length > 0) await filter.commit(family, batch);
      return found.map((what) => `IPv${family}: ${what}`);
    },
    async commit(family, batch) {
      const stdin = ['*filter', ...batch, 'COMMIT', ''].join('\n');
      await run({ argv: [tool(family, '-restore'), '-w', wait, '--noflush'], stdin });
    },
    async remove() {
      const tables = await filter.readAll().catch(unlessRefused);
      for (const [family, table] of tables ?? []) {
        const batch = planRemoval(table, chain);
        if (batch.length > 0) await filter.commit(family, batch);
      }
    },
    findIpv6Absence: () => ipv6Absence,
  };
  return filter;
}

function unlessTooSlow(error: unknown): false {
  if (error instanceof EnforcementError && error.code === 'timeout') return false;
  throw error;
}

/** No tool, or a kernel without the table, is an absence; a held lock or a missing right would be the same for IPv4. */
function toAbsence(error: unknown): string {
  if (error instanceof EnforcementError && (error.code === 'missing_tool' || error.code === 'kernel_refused')) {
    return error.message;
  }
  throw error;
}

/** What the kinds share that ban in the filter tables. */
export const inFilter = {
  probe: async ({ filter }) => void (await filter.read(4)),
  leavings: [({ filter }) => filter.remove()],
  /** The chain must be the first that a packet meets, also on its way to a container. */
  async look(ask, { chain }) {
    const rules = await ask('iptables', '-S');
    if (rules === undefined) return { unseen: 'iptables -S' };
    const reader = createTableReader(chain);
    for (const line of rules.split('\n')) reader.onLine(line);
    const table = reader.finish();
    const hooks = [...table.hooks.keys()];
    const wrong = hooks.filter((hook) => !comesFirst(table, hook, chain));
    if (wrong.length > 0) return { missing: `${chain} at the top of ${wrong.join(', ')}` };
    return { stands: `${chain} comes first in ${hooks.join(', ')}` };
  },
  packages: 'ipset iptables',
} satisfies Omit<BackendKind, 'open'>;
