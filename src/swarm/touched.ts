/** Whom the open lanes touch: a lane that was harmless when it opened need not stay so. */
import { setNewest } from '../net/newest-entries.ts';

/** Clients that are remembered, the newest. */
const CLIENTS_MAX = 4096;

/** Clients that came before a swarm, and the lanes against it that their requests met. */
export class Touched {
  /** Ids of lanes by client. */
  private readonly met = new Map<number, readonly string[]>();

  /** A client sent a request that these lanes match, or none. */
  note(client: number, lanes: readonly string[]): void {
    const before = this.met.get(client) ?? [];
    setNewest(this.met, client, [...before, ...lanes.filter((id) => !before.includes(id))], CLIENTS_MAX);
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
