/** Whom the open lanes touch: a lane that was harmless when it opened need not stay so. */
import { setNewest } from '../net/newest-entries.ts';
import type { Clients } from '../traffic/clients.ts';
import { clientHash } from '../traffic/hash.ts';
import type { Lanes } from './lanes.ts';
import { TRAITS } from './look.ts';
import { type Looks, offsetsOf } from './swarm-lines.ts';

/** Clients that are remembered, the newest. */
const CLIENTS_MAX = 4096;

/** Clients that came before a swarm, and the lanes against it that their requests met. */
export class Touched {
  /** Ids of lanes by client. */
  private readonly met = new Map<number, readonly string[]>();

  /** Takes the requests that were read, of clients that came before: which lanes each matches. */
  note(looks: Looks, lanes: Lanes, clients: Clients, cameBefore: (slot: number) => boolean): void {
    for (const at of offsetsOf(looks.count)) {
      const slot = looks.slots[at / TRAITS.length] as number;
      if (!cameBefore(slot)) continue;
      const client = clientHash(clients.high(slot), clients.low(slot));
      const before = this.met.get(client) ?? [];
      const ids = lanes.matching(looks.hashes, at).filter((id) => !before.includes(id));
      setNewest(this.met, client, [...before, ...ids], CLIENTS_MAX);
    }
  }

  /** How many of the clients the lane touched, and which share of them it surely touches: two standard errors less. */
  of(id: string): { readonly clients: number; readonly share: number } {
    let clients = 0;
    for (const ids of this.met.values()) if (ids.includes(id)) clients++;
    return { clients, share: clients === 0 ? 0 : Math.max(0, clients - 2 * Math.sqrt(clients)) / this.met.size };
  }

  clear(): void {
    this.met.clear();
  }
}
