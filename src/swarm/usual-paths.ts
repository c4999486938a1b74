/** Which of the paths, or folders, that strangers ask for usual clients ask for too. */
import type { Clients } from '../traffic/clients.ts';
import { TRAITS } from './look.ts';
import { offsetsOf, type SwarmLines } from './swarm-lines.ts';
import type { Asking, UsualTraffic } from './usual-traffic.ts';

/** Of fewer clients it may be chance. */
const CLIENTS_MIN = 3;
const NOBODY: Asking = { clients: 0, weight: 0 };

/** Whom to ask: what was usual before `before`, and who is here; newcomers came since `begun`. */
export interface UsualClients {
  readonly usual: UsualTraffic;
  readonly before: number;
  readonly clients: Clients;
  readonly begun: number;
}

export class UsualPaths {
  private readonly home: number | undefined;
  private readonly count: () => Counts;
  private counts: Counts | undefined;

  /** `trait` is that of paths or of folders; `home` is the hash of the home page's path. */
  constructor(lines: SwarmLines, clients: UsualClients, trait: number, home?: number) {
    this.home = home;
    this.count = () => countClients(lines, clients, trait);
  }

  /**
   * How surely more than two of all usual clients ask for the path, newcomers who render pages among them; 0–1. Of two that show it is
   * one less the chance that all of two do. One proves nothing: a client that asks again and again shows wherever lines are left out.
   */
  sureness(path: number): number {
    const { clients, weight } = this.asking(path);
    if (clients < 2) return 0;
    return clients < CLIENTS_MIN ? 1 - (clients / weight) ** clients : 1;
  }

  /** Share of these clients that ask for the path; 0–1. */
  share(path: number): number {
    const { clients } = this.asking(path);
    return Math.min(1, clients / Math.max(1, this.counts?.all ?? 0));
  }

  /** Hardly anybody who came before asks for it. The home page is never new. */
  isNew(path: number): boolean {
    const { clients } = this.asking(path);
    return path !== this.home && clients - (this.counts?.newcomers.get(path) ?? 0) < CLIENTS_MIN;
  }

  private asking(path: number): Asking {
    // To read what others ask for costs milliseconds, and is seldom needed.
    this.counts ??= this.count();
    return this.counts.asking.get(path) ?? NOBODY;
  }
}

/** How many usual clients there were, who of them asks for each path, and how many newcomers are among those. */
interface Counts {
  readonly all: number;
  readonly asking: ReadonlyMap<number, Asking>;
  readonly newcomers: ReadonlyMap<number, number>;
}

function countClients({ strangers, others }: SwarmLines, known: UsualClients, trait: number): Counts {
  const { usual, before, clients, begun } = known;
  const paths = new Set(offsetsOf(strangers.count).map((at) => strangers.hashes[at + trait] as number));
  const found = usual.findAsking(trait, paths, before);
  const asking = new Map(found.asking);
  const newcomers = new Map<number, number>();
  for (const at of others.oncePerClient(trait, offsetsOf(others.count))) {
    const path = others.hashes[at + trait] as number;
    const earlier = asking.get(path);
    if (earlier === undefined) continue;
    asking.set(path, { clients: earlier.clients + 1, weight: earlier.weight + others.times });
    const isNewcomer = clients.firstSecond(others.slots[at / TRAITS.length] as number) >= begun;
    if (isNewcomer) newcomers.set(path, (newcomers.get(path) ?? 0) + 1);
  }
  return { all: found.all, asking, newcomers };
}
