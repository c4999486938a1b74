/** Bans that don't hold: notices that banned clients still reach nginx, finds out why as far as it can, and says so once. */

import type { Unstopped } from '../../engine/banned-traffic.ts';
import type { Connection } from '../../host/proc-net.ts';
import type { ActiveBan } from '../../model/audit.ts';
import { type ClientScheme, clientPrefix, formatClient } from '../../net/client-key.ts';
import { formatPrefix, type Prefix, prefixContains } from '../../net/prefix.ts';
import type { Troubles } from '../troubles.ts';

/** Key of the trouble that a ban does not hold. */
export const EFFICACY_KEY = 'efficacy';
/** Lines may be read this long after the ban was confirmed and still be of requests from before it. */
const SETTLE_MS = 5000;
const PEERS_NAMED = 3;

export interface EfficacyOptions {
  /** As configured. */
  readonly backend: string;
  /** Ports that a banned client may still reach. */
  readonly openPorts: readonly number[];
  readonly scheme: ClientScheme;
  readonly findActiveBan: (client: string) => ActiveBan | undefined;
  readonly connections: () => Promise<readonly Connection[]>;
  readonly troubles: Pick<Troubles, 'begin' | 'end'>;
}

export class Efficacy {
  private readonly options: EfficacyOptions;
  private standing = false;

  constructor(options: EfficacyOptions) {
    this.options = options;
  }

  /** Called again and again with the banned clients whose requests keep coming. */
  async check(unstopped: readonly Unstopped[]): Promise<void> {
    const { scheme, findActiveBan, troubles } = this.options;
    const found = unstopped.find((client) => {
      const ban = findActiveBan(formatClient(client.high, client.low, scheme));
      // A log that lags shows requests from before the ban.
      return ban?.enforced && ban.confirmed && client.last * 1000 > ban.sinceMs + SETTLE_MS;
    });
    if (!found) {
      if (this.standing) troubles.end(EFFICACY_KEY);
      this.standing = false;
      return;
    }
    if (this.standing) return;
    this.standing = true;
    const client = formatClient(found.high, found.low, scheme);
    const { why, fix } = await this.diagnose(clientPrefix(found.high, found.low, scheme));
    const seconds = found.last - found.first;
    const what = `${client} is banned and still reaches nginx: ${found.requests} requests in ${seconds} s since; ${why}`;
    troubles.begin(EFFICACY_KEY, what, fix);
  }

  private async diagnose(client: Prefix): Promise<{ why: string; fix: string }> {
    const { backend, openPorts, connections } = this.options;
    if (backend === 'dry-run') return { why: 'the backend dry-run drops nothing', fix: 'set firewall.backend: auto' };
    const all = await connections();
    const own = all.filter(({ remote }) => prefixContains(client, remote));
    const open = own.find(({ local }) => openPorts.includes(local));
    if (open) {
      return {
        why: `it is connected to port ${open.local}, which bans leave open`,
        fix: `take ${open.local} out of firewall.protect_ports`,
      };
    }
    if (own.length > 0) {
      const ports = [...new Set(own.map(({ local }) => local))].join(', ');
      return {
        why: `it is connected to port ${ports}: its packets don't pass the rules`,
        fix: 'see with zban doctor which rule lets them through before',
      };
    }
    const peers = countPeers(all.filter(({ local }) => !openPorts.includes(local))).slice(0, PEERS_NAMED);
    return {
      why: `it has no connection to this host, so its requests come through a proxy${peers.length > 0 ? ` (most connections are from ${peers.join(', ')})` : ''}, or nginx runs in a network of its own`,
      fix: 'use firewall.backend: nginx, which looks at the address in the log, or ban at the proxy',
    };
  }
}

/** The addresses with most connections, the first has most. */
function countPeers(connections: readonly Connection[]): string[] {
  const groups = Map.groupBy(connections, ({ remote }) => formatPrefix(remote));
  return [...groups].sort(([, a], [, b]) => b.length - a.length).map(([name]) => name);
}
