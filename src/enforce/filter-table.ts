/** zban's part of iptables' filter table as text of `iptables -S`, and the batch that repairs it. Pure. */

/** Chains that see packets of clients: to this host, through it, and to published containers (Docker's packet filtering page). */
export const HOOKS = ['INPUT', 'FORWARD', 'DOCKER-USER'] as const;

export interface FilterTable {
  /** Rules of the hooks that exist, as printed. */
  readonly hooks: ReadonlyMap<string, readonly string[]>;
  /** Rules of zban's chain; undefined when it does not exist. */
  readonly own: readonly string[] | undefined;
  /** Rules of any chain that jump to zban's. */
  readonly jumps: readonly string[];
  /** Chains of other zbans on this host: no packet gets past ours in them. */
  readonly siblings: ReadonlySet<string>;
}

/** Takes the lines of `iptables -S`; other people's rules are forgotten at once. */
export function createTableReader(chain: string): { onLine: (line: string) => void; finish: () => FilterTable } {
  const hooks = new Map<string, string[]>();
  const jumps: string[] = [];
  let own: string[] | undefined;
  /** Whether all rules of a chain are a zban's. */
  const others = new Map<string, boolean>();
  const jump = new RegExp(` -[jg] ${chain}( |$)`);
  return {
    onLine(line) {
      const [command, name = ''] = line.split(' ', 2);
      if (command === '-P' || command === '-N') {
        if (name === chain) own = [];
        else if ((HOOKS as readonly string[]).includes(name)) hooks.set(name, []);
      } else if (command === '-A') {
        if (name === chain) own?.push(line);
        else hooks.get(name)?.push(line);
        if (name !== chain && jump.test(line)) jumps.push(line);
        if (name !== chain && others.get(name) !== false) others.set(name, isOfZban(name, line));
      }
    },
    finish: () => ({ hooks, own, jumps, siblings: new Set([...others.keys()].filter((name) => others.get(name))) }),
  };
}

/** Rules as the backends ipset and iptables write them. */
function isOfZban(chain: string, rule: string): boolean {
  const set = /^-A \S+ -m set --match-set (\S+)[46] src -j DROP$/.exec(rule)?.[1];
  return set === undefined ? OWN_RULE.test(rule) : set === chain.toLowerCase();
}

const OWN_RULE =
  / -p tcp -m multiport --dports [\d,]+ -j RETURN$| -m comment --comment "?until=(\d+|permanent)"? .*-j DROP$/;

/** Whether zban's jump is the first of a hook, but for those of other zbans: each would take the first place from the other. */
export function comesFirst({ hooks, siblings }: FilterTable, hook: string, chain: string): boolean {
  const first = hooks.get(hook)?.find((rule) => !siblings.has(/^-A \S+ -j (\S+)$/.exec(rule)?.[1] ?? ''));
  return first === `-A ${hook} -j ${chain}`;
}

export interface Repair {
  /** Lines for `iptables-restore --noflush`, without the table and COMMIT. */
  readonly batch: readonly string[];
  /** What was wrong, in words; empty when all stands. */
  readonly found: readonly string[];
}

/** Brings chain and jumps into order: the chain holds exactly `rules`, and each hook jumps to it once, first. */
export function planRepair(table: FilterTable, chain: string, rules: readonly string[]): Repair {
  const batch: string[] = [];
  const found: string[] = [];
  if (table.own === undefined) found.push(`chain ${chain} was missing`);
  else if (!sameRules(table.own, rules)) found.push(`rules of chain ${chain} were changed`);
  if (found.length > 0) batch.push(...replaceChain(chain, rules));
  for (const [hook, listed] of table.hooks) {
    const jump = `-A ${hook} -j ${chain}`;
    const jumps = listed.filter((rule) => rule === jump).length;
    if (jumps === 1 && comesFirst(table, hook, chain)) continue;
    found.push(jumps === 0 ? `${hook} did not jump to ${chain}` : `the jump from ${hook} to ${chain} was not first`);
    for (let i = 0; i < jumps; i++) batch.push(`-D ${hook} -j ${chain}`);
    batch.push(`-I ${hook} 1 -j ${chain}`);
  }
  return { batch, found };
}

/** Declaring a chain empties it, also under --noflush; its table changes in one commit (iptables-restore(8)). */
export function replaceChain(chain: string, rules: readonly string[]): string[] {
  return [`:${chain} - [0:0]`, ...rules];
}

/** Takes zban's jumps and chain out; empty when there are none. */
export function planRemoval(table: FilterTable, chain: string): string[] {
  const batch = table.jumps.map((rule) => rule.replace(/^-A /, '-D '));
  if (table.own !== undefined) batch.push(`-F ${chain}`, `-X ${chain}`);
  return batch;
}

/** Bans never cover these TCP ports, so that nobody loses SSH by a false ban; at most 15 (iptables-extensions(8), multiport). */
export function protectRules(chain: string, ports: readonly number[]): string[] {
  return ports.length === 0 ? [] : [`-A ${chain} -p tcp -m multiport --dports ${ports.join(',')} -j RETURN`];
}

function sameRules(listed: readonly string[], wanted: readonly string[]): boolean {
  return listed.length === wanted.length && listed.every((rule, index) => rule === wanted[index]);
}
