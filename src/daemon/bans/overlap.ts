/** Bans that share addresses: a packet passes only when no ban that covers its sender is left. */
import { formatPrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';
import { PrefixTable } from '../../net/prefix-table.ts';

/** Canonical names of bans, as they relate to one network. */
export interface Overlap {
  /** They contain all of it, the narrowest first: a ban of exactly this network before all others. */
  readonly covering: readonly string[];
  /** They contain a part of it. */
  readonly within: readonly string[];
}

/** What still drops the packets of a client whose ban was lifted. */
export interface Remainder {
  /** Why the firewall could not lift it. */
  readonly failure: string | undefined;
  /** Bans that cover it. */
  readonly blockedBy: readonly string[];
  /** Bans of parts of it. */
  readonly within: readonly string[];
}

export type OverlapsOf = (prefix: Prefix) => Overlap;

const NOTHING: Overlap = { covering: [], within: [] };

interface Asked {
  readonly prefix: Prefix;
  readonly covering: string[];
  readonly within: string[];
}

/** Finds the bans among `targets` (canonical names) that share addresses with each of `prefixes`; one pass over them. */
export function findOverlaps(targets: Iterable<string>, prefixes: Iterable<Prefix>): OverlapsOf {
  const asked = new Map<string, Asked>();
  for (const prefix of prefixes) asked.set(formatPrefix(prefix), { prefix, covering: [], within: [] });
  const table = new PrefixTable(asked.values());
  const hasNetworks = [...asked.keys()].some(isNetwork);
  const networks: { prefix: Prefix; target: string }[] = [];
  for (const target of targets) {
    // Most bans are of single addresses, and so is most of what is asked about: a million of them need no parsing.
    if (!hasNetworks && !isNetwork(target)) {
      asked.get(target)?.covering.push(target);
      continue;
    }
    const prefix = parsePrefix(target);
    if (!prefix) continue;
    for (const outer of table.containing(prefix)) {
      if (outer.prefix.bits === prefix.bits) outer.covering.push(target);
      else outer.within.push(target);
    }
    if (isNetwork(target)) networks.push({ prefix, target });
  }
  const banned = new PrefixTable(networks);
  for (const { prefix, covering } of asked.values()) {
    const wider = banned.containing(prefix).filter((network) => network.prefix.bits < prefix.bits);
    covering.push(...wider.toSorted((a, b) => b.prefix.bits - a.prefix.bits).map(({ target }) => target));
  }
  return (prefix) => asked.get(formatPrefix(prefix)) ?? NOTHING;
}

function isNetwork(target: string): boolean {
  return target.includes('/');
}
