/**
 * Bans as entries of two hash:net sets with kernel-side timeouts (ipset(8)), which one rule of zban's chain matches: a
 * packet costs the same with one ban and with a million, and bans end in time although the daemon is dead.
 */
import type { EnforcementBackend, KernelBan } from './backend.ts';
import type { BackendKind, OpenFirewall } from './backend-kind.ts';
import { FAMILIES, inFilter } from './filter.ts';
import { type FilterTable, planRepair, protectRules } from './filter-table.ts';
import { destroySets, findMembers, listSet, replaceSet, restoreSets, unlessAbsent } from './ipset-commands.ts';
import { addLine, createLine, isFitting, type SetSpec, setSpecs, TIMEOUT_MAX_MS } from './ipset-text.ts';
import { type Family, sortOperations, targetFamily, throwRefusals, withoutIpv6 } from './target.ts';

function open({ run, filter, settings, maxActive, now }: OpenFirewall): EnforcementBackend {
  const { chain } = filter;
  /** Bans in the sets, about: as many as were listed, and those added since. */
  let heldCount = 0;
  const specs = setSpecs(chain, maxActive);
  const rulesOf = (family: Family) => [
    ...protectRules(chain, settings.protect_ports),
    `-A ${chain} -m set --match-set ${specs[family].name} src -j DROP`,
  ];

  const repairSet = async (spec: SetSpec): Promise<string | undefined> => {
    const header = await run({ argv: ['ipset', '-terse', 'list', spec.name] }).catch(unlessAbsent);
    if (header && isFitting(header.stdout, spec)) return undefined;
    if (!header) {
      await restoreSets(run, [createLine(spec, spec.name)]);
      return `set ${spec.name} was missing`;
    }
    await replaceSet(run, spec, now, () => filter.commit(spec.family, [`:${chain} - [0:0]`]));
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

  function* linesOf(additions: readonly KernelBan[], nowMs: number): Generator<string> {
    for (const ban of additions) yield addLine(specs[targetFamily(ban.target)].name, ban, nowMs);
  }
  /** A set that is not there holds nothing. */
  const remove = async (family: Family, targets: readonly string[]): Promise<void> => {
    const lines = targets.filter((target) => targetFamily(target) === family);
    await restoreSets(
      run,
      lines.map((target) => `del ${specs[family].name} ${target}`),
    ).catch(unlessAbsent);
  };

  return {
    name: 'ipset',
    longestMs: TIMEOUT_MAX_MS,
    async setUp() {
      const tables = await filter.readAll();
      return (await Promise.all([...tables].map(([family, table]) => repairFamily(family, table)))).flat();
    },
    async list(onBan) {
      let count = 0;
      const onEntry = (ban: KernelBan) => {
        count++;
        onBan(ban);
      };
      await Promise.all(FAMILIES.map((family) => listSet(run, specs[family].name, now, onEntry)));
      heldCount = count;
    },
    async confirm(operations, nowMs) {
      const { removals, additions, refusals } = sortOperations(operations, nowMs);
      const added = additions.map(({ target }) => target);
      const [members, ...standing] = await Promise.all([
        findMembers(run, specs, [...removals, ...added], heldCount, now),
        ...[...new Set(added.map(targetFamily))].map(stands),
      ]);
      const isDone = added.every((target) => members.has(target)) && !removals.some((target) => members.has(target));
      return refusals.length === 0 && isDone && standing.every((stood) => stood);
    },
    async apply(operations, nowMs) {
      const sorted = sortOperations(operations, nowMs);
      const { removals, additions, refusals } = withoutIpv6(sorted, filter.findIpv6Absence());
      for (const family of FAMILIES) await remove(family, removals);
      await restoreSets(run, linesOf(additions, nowMs));
      heldCount += additions.length;
      throwRefusals(refusals);
    },
  };
}

export const ipset: BackendKind = {
  ...inFilter,
  open,
  async probe(firewall) {
    await inFilter.probe(firewall);
    await firewall.run({ argv: ['ipset', 'list', '-name'], onLine: () => {} });
  },
  leavings: [...inFilter.leavings, ({ run, settings }) => destroySets(run, settings.chain)],
};
