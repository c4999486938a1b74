/**
 * Bans as entries of two hash:net sets with kernel-side timeouts (ipset(8)), which one rule of zban's chain matches: a
 * packet costs the same with one ban and with a million, and bans end in time although the daemon is dead.
 */
import type { EnforcementBackend } from './backend.ts';
import type { CommandRunner } from './command.ts';
import { FAMILIES, type Filter } from './filter.ts';
import { type FilterTable, planRepair, protectRules } from './filter-table.ts';
import { destroySets, findMembers, listSet, replaceSet, restoreSets, unlessAbsent } from './ipset-commands.ts';
import { addLine, createLine, isFitting, type SetSpec, setSpecs, TIMEOUT_MAX_MS } from './ipset-text.ts';
import { type Family, sortOperations, targetFamily, throwRefusals } from './target.ts';

export interface IpsetOptions {
  readonly run: CommandRunner;
  readonly filter: Filter;
  readonly protectPorts: readonly number[];
  /** `bans.max_active`: each set takes at least as many. */
  readonly maxActive: number;
  readonly now: () => number;
}

export function createIpsetBackend({ run, filter, protectPorts, maxActive, now }: IpsetOptions): EnforcementBackend {
  const { chain } = filter;
  const specs = setSpecs(chain, maxActive);
  const rulesOf = (family: Family) => [
    ...protectRules(chain, protectPorts),
    `-A ${chain} -m set --match-set ${specs[family].name} src -j DROP`,
  ];

  const repairSet = async (spec: SetSpec): Promise<string | undefined> => {
    const header = await run({ argv: ['ipset', '-terse', 'list', spec.name] }).catch(unlessAbsent);
    if (header && isFitting(header.stdout, spec)) return undefined;
    if (!header) {
      await restoreSets(run, [createLine(spec, spec.name)]);
      return `set ${spec.name} was missing`;
    }
    await replaceSet(run, spec, now(), () => filter.commit(spec.family, [`:${chain} - [0:0]`]));
    return `set ${spec.name} was of another kind or too small`;
  };
  const repairFamily = async (family: Family, table: FilterTable): Promise<string[]> => {
    const set = await repairSet(specs[family]);
    // Replacing a set may have emptied the chain.
    const current = set === undefined ? table : await filter.read(family);
    const rules = await filter.repair(family, current, rulesOf(family));
    return set === undefined ? [...rules] : [set, ...rules];
  };
  const stands = async (family: Family): Promise<boolean> =>
    planRepair(await filter.read(family), chain, rulesOf(family)).found.length === 0;

  return {
    name: 'ipset',
    longestMs: TIMEOUT_MAX_MS,
    async setUp() {
      const tables = await filter.readAll();
      return (await Promise.all([...tables].map(([family, table]) => repairFamily(family, table)))).flat();
    },
    async list() {
      return (await Promise.all(FAMILIES.map((family) => listSet(run, specs[family].name, now())))).flat();
    },
    async confirm(targets) {
      const families = [...new Set(targets.map(targetFamily))];
      const [members, standing] = await Promise.all([
        findMembers(run, specs, targets),
        Promise.all(families.map(async (family) => ((await stands(family)) ? [family] : []))),
      ]);
      const standingFamilies = standing.flat();
      return new Set([...members].filter((target) => standingFamilies.includes(targetFamily(target))));
    },
    async apply(operations, nowMs) {
      const { byFamily, refusals } = sortOperations(operations, nowMs);
      const lines: string[] = [];
      const undone = [...refusals];
      for (const [family, { removals, additions }] of byFamily) {
        const { name } = specs[family];
        const absence = family === 6 ? filter.findIpv6Absence() : undefined;
        if (absence && additions.length > 0) undone.push(`IPv6 cannot be enforced: ${absence}`);
        if (absence) continue;
        for (const target of removals) lines.push(`del ${name} ${target}`);
        for (const ban of additions) lines.push(addLine(name, ban, nowMs));
      }
      await restoreSets(run, lines);
      throwRefusals(undone);
    },
    async flush() {
      await filter.remove();
      await destroySets(run, chain);
    },
  };
}
