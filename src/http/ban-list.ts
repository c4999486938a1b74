/** All bans for the page's list, packed: ten thousand of them are some 600 kB. */

import { phraseOf } from '../english/reason.ts';
import type { ActiveBan } from '../model/audit.ts';
import { formatPrefix, maskPrefix, parsePrefix } from '../net/prefix.ts';

/** The page lists this many, the newest. */
export const LISTED_MAX = 10_000;
/** Networks that bans are grouped by. */
const GROUP_BITS = { 4: 24, 6: 48 } as const;
export const ENFORCED = 1;
export const CONFIRMED = 2;

/** Client, index of its network, index of its condition, tier, since and until in epoch seconds (0: permanent), flags. */
type PackedBan = readonly [
  client: string,
  network: number,
  condition: number,
  tier: number,
  since: number,
  until: number,
  flags: number,
];

export interface BanList {
  readonly revision: number;
  readonly conditions: readonly { readonly name: string; readonly phrase: string }[];
  readonly networks: readonly { readonly name: string; readonly who: string }[];
  readonly bans: readonly PackedBan[];
}

/** The number of a name among those that came before, in the order in which they first come. */
function indexOf(name: string, known: Map<string, number>): number {
  const index = known.get(name) ?? known.size;
  known.set(name, index);
  return index;
}

/** @param findWho who runs each network, empty where that is not known */
export function packBans(
  revision: number,
  bans: readonly ActiveBan[],
  findWho: (networks: readonly string[]) => readonly string[],
): BanList {
  const conditions = new Map<string, number>();
  const networks = new Map<string, number>();
  const packed = bans.map((ban): PackedBan => {
    const flags = (ban.enforced ? ENFORCED : 0) | (ban.confirmed ? CONFIRMED : 0);
    const until = ban.untilMs === null ? 0 : Math.ceil(ban.untilMs / 1000);
    const since = Math.floor(ban.sinceMs / 1000);
    const network = indexOf(networkOf(ban.client), networks);
    return [ban.client.slice(0, 100), network, indexOf(ban.condition, conditions), ban.tier, since, until, flags];
  });
  const names = [...networks.keys()];
  const who = findWho(names);
  return {
    revision,
    conditions: [...conditions.keys()].map((name) => ({ name, phrase: phraseOf(name) })),
    networks: names.map((name, index) => ({ name, who: who[index] ?? '' })),
    bans: packed,
  };
}

function networkOf(client: string): string {
  const prefix = parsePrefix(client);
  if (!prefix) return client;
  return formatPrefix(maskPrefix(prefix, Math.min(prefix.bits, GROUP_BITS[prefix.family])));
}
