/**
 * Bans as one rule each in zban's chain, for hosts without ipset. A rule carries its end twice: as a comment that zban
 * reads back, and for the kernel, which stops matching by itself (iptables-extensions(8), time). Every packet of
 * every client walks the rules: fit for some hundreds of bans.
 */

import { type EnforcementBackend, EnforcementError, type KernelBan } from './backend.ts';
import type { BackendKind, OpenFirewall } from './backend-kind.ts';
import { FAMILIES, inFilter } from './filter.ts';
import { planRepair, protectRules, replaceChain } from './filter-table.ts';
import { canonicalTarget, type Family, sortOperations, targetFamily, throwRefusals, withoutIpv6 } from './target.ts';

/** Latest time the time match can hold (2038-01-19T03:14:07Z); rules that end later do not end by themselves. */
const DATESTOP_MAX_SECONDS = 2_147_483_647;

function open({ filter, settings, log }: OpenFirewall): EnforcementBackend {
  const { chain } = filter;
  const protect = protectRules(chain, settings.protect_ports);
  let kernelTime = true;

  const writeRules = async (
    family: Family,
    additions: readonly KernelBan[],
    batchOf: (rules: string[]) => string[],
  ) => {
    const rules = (timed: boolean) => additions.map((ban) => formatBanRule(chain, ban, timed));
    try {
      await filter.commit(family, batchOf(rules(kernelTime)));
    } catch (error) {
      const timed = kernelTime && additions.some(({ untilMs }) => untilMs !== null);
      if (!timed || !(error instanceof EnforcementError) || error.code !== 'kernel_refused') throw error;
      await filter.commit(family, batchOf(rules(false)));
      kernelTime = false;
      log('warn', 'the kernel has no time match (xt_time): bans end in time only while zban runs', {
        why: error.message,
      });
    }
  };
  const applyFamily = async (
    family: Family,
    removals: readonly string[],
    additions: readonly KernelBan[],
  ): Promise<void> => {
    if (removals.length + additions.length === 0) return;
    const { own } = await filter.read(family);
    if (!own && additions.length === 0) return;
    if (!own) throw new EnforcementError('kernel_refused', `chain ${chain} does not exist`);
    const standing = readBanRules(chain, own);
    const changed = [...removals, ...additions.map(({ target }) => target)].some((target) => standing.has(target));
    if (!changed && additions.length === 0) return;
    for (const target of removals) standing.delete(target);
    for (const { target } of additions) standing.delete(target);
    const kept = [...standing.values()].map(({ rule }) => rule);
    // New bans alone are appended; everything else rewrites the chain in one commit, which is as fast as deleting rules one by one.
    const batchOf = (rules: string[]) => (changed ? replaceChain(chain, [...protect, ...kept, ...rules]) : rules);
    await writeRules(family, additions, batchOf);
  };
  const expectedRules = (own: readonly string[] | undefined) => [
    ...protect,
    ...[...readBanRules(chain, own ?? []).values()].map(({ rule }) => rule),
  ];

  return {
    name: 'iptables',
    longestMs: Number.POSITIVE_INFINITY,
    async setUp() {
      const tables = await filter.readAll();
      const repairs = [...tables].map(([family, table]) => filter.repair(family, table, expectedRules(table.own)));
      return (await Promise.all(repairs)).flat();
    },
    async list(onBan) {
      for (const { own } of (await filter.readAll()).values()) {
        for (const { ban } of readBanRules(chain, own ?? []).values()) onBan(ban);
      }
    },
    async confirm(operations, nowMs) {
      const { removals, additions, refusals } = sortOperations(operations, nowMs);
      if (refusals.length > 0) return false;
      const standing = new Set<string>();
      for (const family of new Set(operations.map(({ target }) => targetFamily(target)))) {
        const table = await filter.read(family);
        if (planRepair(table, chain, expectedRules(table.own)).found.length > 0) return false;
        for (const target of readBanRules(chain, table.own ?? []).keys()) standing.add(target);
      }
      return additions.every(({ target }) => standing.has(target)) && !removals.some((target) => standing.has(target));
    },
    async apply(operations, nowMs) {
      const sorted = sortOperations(operations, nowMs);
      const { removals, additions, refusals } = withoutIpv6(sorted, filter.findIpv6Absence());
      for (const family of FAMILIES) {
        const isOf = (target: string) => targetFamily(target) === family;
        await applyFamily(
          family,
          removals.filter(isOf),
          additions.filter(({ target }) => isOf(target)),
        );
      }
      throwRefusals(refusals);
    },
  };
}

export const iptables: BackendKind = { ...inFilter, open };

/** A ban as a rule. The kernel matches through the whole second of datestop, hence the one before the end. */
function formatBanRule(chain: string, { target, untilMs }: KernelBan, timed: boolean): string {
  const comment = `-m comment --comment "until=${untilMs ?? 'permanent'}"`;
  const stopSeconds = untilMs === null ? Number.POSITIVE_INFINITY : Math.ceil(untilMs / 1000) - 1;
  const time =
    timed && stopSeconds <= DATESTOP_MAX_SECONDS
      ? ` -m time --datestop ${new Date(stopSeconds * 1000).toISOString().slice(0, 19)}`
      : '';
  return `-A ${chain} -s ${target} ${comment}${time} -j DROP`;
}

/** The chain's bans by target with their rule as printed; rules that are none, and all but the first of a target, fall out. */
function readBanRules(
  chain: string,
  own: readonly string[],
): Map<string, { readonly ban: KernelBan; readonly rule: string }> {
  const pattern =
    /^-A \S+ -s (\S+) -m comment --comment "?until=(\d{1,16}|permanent)"?(?: -m time --datestop \S+)? -j DROP$/;
  const bans = new Map<string, { ban: KernelBan; rule: string }>();
  for (const rule of own) {
    const [, printed, until] = pattern.exec(rule) ?? [];
    if (printed === undefined || !rule.startsWith(`-A ${chain} `)) continue;
    const target = canonicalTarget(printed);
    const untilMs = until === 'permanent' ? null : Number(until);
    if (!bans.has(target)) bans.set(target, { ban: { target, untilMs }, rule });
  }
  return bans;
}
