/** Who may never be banned: one table for what the engine finds and for what people order. */
import type { ProxyTraits } from '../model/event.ts';
import { type ClientScheme, findIpv4 } from '../net/client-key.ts';
import { type Prefix, prefixesOverlap } from '../net/prefix.ts';
import { PrefixTable } from '../net/prefix-table.ts';

/** A network that is never banned, and why. */
export interface NeverBanned {
  readonly prefix: Prefix;
  readonly kind: 'allowlist' | 'protected';
  readonly because: string | ProxyTraits;
}

export class NeverBannedTable {
  /** A client of the log that stands for many: to ban it would shut out everybody behind it. */
  proxy: NeverBanned | undefined;
  private readonly scheme: ClientScheme;
  private networks = new PrefixTable<NeverBanned>([]);

  constructor(scheme: ClientScheme) {
    this.scheme = scheme;
  }

  set(networks: readonly NeverBanned[]): void {
    this.networks = new PrefixTable(networks);
  }

  /** Why a network must not be banned, an IPv6 network by the IPv4 addresses that it stands for too; undefined when it may. */
  find(prefix: Prefix): NeverBanned | undefined {
    if (this.proxy && prefixesOverlap(this.proxy.prefix, prefix)) return this.proxy;
    const ipv4 = findIpv4(prefix, this.scheme);
    return this.networks.findOverlap(prefix) ?? (ipv4 && this.networks.findOverlap(ipv4));
  }
}
