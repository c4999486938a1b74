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

/** Names in the order in which they first come. */
class Names {
  readonly list: string[] = [];
  private readonly indexes = new Map<string, number>();

  indexOf(name: string): number {
    let index = this.indexes.get(name);
    if (index === undefined) {
      index = this.list.push(name) - 1;
      this.indexes.set(name, index);
    }
    return index;
  }
}

/** @param findWho who runs each network, empty where that is not known */
export function packBans(
  revision: number,
  bans: readonly ActiveBan[],
  findWho: (networks: readonly string[]) => readonly string[],
): BanList {
  const [conditions, networks] = [new Names(), new Names()];
  const packed = bans.map((ban): PackedBan => {
    const flags = (ban.enforced ? ENFORCED : 0) | (ban.confirmed ? CONFIRMED : 0);
    const until = ban.untilMs === null ? 0 : Math.ceil(ban.untilMs / 1000);
    const since = Math.floor(ban.sinceMs / 1000);
    const network = networks.indexOf(networkOf(ban.client));
    return [ban.client.slice(0, 100), network, conditions.indexOf(ban.condition), ban.tier, since, until, flags];
  });
  const who = findWho(networks.list);
  return {
    revision,
    conditions: conditions.list.map((name) => ({ name, phrase: phraseOf(name) })),
    networks: networks.list.map((name, index) => ({ name, who: who[index] ?? '' })),
    bans: packed,
  };
}

function networkOf(client: string): string {
  const prefix = parsePrefix(client);
  if (!prefix) return client;
  return formatPrefix(maskPrefix(prefix, Math.min(prefix.bits, GROUP_BITS[prefix.family])));
}
