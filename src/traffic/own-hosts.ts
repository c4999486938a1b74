/**
 * Which hosts are this site's own, learned from referers: a browser names the page for which it loads a static file. Only
 * files that were served count, to several clients, so that a page elsewhere does not become a page of this site.
 */
import { countBits } from './hash.ts';

const HOSTS = 64;
/** Clients in a set of 32 that make a host known; and the share of the most frequent host that makes it the site's. */
const BITS_MIN = 5;
const SHARE = 0.2;

export class OwnHosts {
  private readonly hosts = new Uint32Array(HOSTS);
  private readonly clients = new Uint32Array(HOSTS);
  private readonly counts = new Float64Array(HOSTS);
  private own = new Set<number>();
  private notes = 0;

  has(host: number): boolean {
    return host !== 0 && this.own.has(host);
  }

  /** A static file was served to the client `bit` for a page of `host`. */
  note(host: number, bit: number): void {
    const { hosts, clients, counts } = this;
    let [at, least] = [0, Number.POSITIVE_INFINITY];
    for (let i = 0; i < HOSTS; i++) {
      if (hosts[i] === host) {
        at = i;
        least = -1;
        break;
      }
      if ((counts[i] as number) < least) [at, least] = [i, counts[i] as number];
    }
    if (least >= 0) {
      hosts[at] = host;
      clients[at] = 0;
      counts[at] = 0;
    }
    clients[at] = (clients[at] as number) | bit;
    counts[at] = (counts[at] as number) + 1;
    if (++this.notes % 256 === 0 || this.own.size === 0) this.choose();
  }

  /** Hosts as [hash, clients' bits, count]. */
  snapshot(): readonly (readonly number[])[] {
    return [...this.hosts.keys()].flatMap((at) =>
      this.hosts[at] ? [[this.hosts[at] as number, this.clients[at] as number, this.counts[at] as number]] : [],
    );
  }

  restore(hosts: readonly (readonly number[])[]): void {
    for (const [at, [host = 0, clients = 0, count = 0]] of hosts.slice(0, HOSTS).entries()) {
      this.hosts[at] = host;
      this.clients[at] = clients;
      this.counts[at] = count;
    }
    this.choose();
  }

  private choose(): void {
    const most = Math.max(...this.counts);
    this.own = new Set(
      [...this.hosts].filter(
        (_, i) => countBits(this.clients[i] as number) >= BITS_MIN && (this.counts[i] as number) >= SHARE * most,
      ),
    );
  }
}
