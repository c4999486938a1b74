/** Which of the paths, or folders, that strangers ask for usual clients ask for too. */
import type { Clients } from '../traffic/clients.ts';
import { TRAITS } from './look.ts';
import { offsetsOf, type SwarmLines } from './swarm-lines.ts';
import type { UsualTraffic } from './usual-traffic.ts';

/** Of fewer clients it may be chance. */
const CLIENTS_MIN = 3;

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

  /** How surely the path is one that several usual clients ask for, newcomers who render pages among them; 0–1. */
  sureness(path: number): number {
    return Math.min(1, this.asking(path) / CLIENTS_MIN);
  }

  /** Share of these clients that ask for the path; 0–1. */
  share(path: number): number {
    const asking = this.asking(path);
    return Math.min(1, asking / Math.max(1, this.counts?.all ?? 0));
  }

  /** Hardly anybody who came before asks for it. The home page is never new. */
  isNew(path: number): boolean {
    const asking = this.asking(path);
    return path !== this.home && asking - (this.counts?.newcomers.get(path) ?? 0) < CLIENTS_MIN;
  }

  private asking(path: number): number {
    // To read what others ask for costs milliseconds, and is seldom needed.
    this.counts ??= this.count();
    return this.counts.asking.get(path) ?? 0;
  }
}

/** How many usual clients there were, how many of them ask for each path, and how many newcomers are among those. */
interface Counts {
  readonly all: number;
  readonly asking: ReadonlyMap<number, number>;
  readonly newcomers: ReadonlyMap<number, number>;
}

function countClients({ strangers, others }: SwarmLines, known: UsualClients, trait: number): Counts {
  const { usual, before, clients, begun } = known;
  const asking = new Map(offsetsOf(strangers.count).map((at) => [strangers.hashes[at + trait] as number, 0]));
  const newcomers = new Map<number, number>();
  const all = usual.countClients(trait, asking, before);
  for (const at of others.oncePerClient(trait, offsetsOf(others.count))) {
    const path = others.hashes[at + trait] as number;
    const count = asking.get(path);
    if (count === undefined) continue;
    asking.set(path, count + 1);
    const isNewcomer = clients.firstSecond(others.slots[at / TRAITS.length] as number) >= begun;
    if (isNewcomer) newcomers.set(path, (newcomers.get(path) ?? 0) + 1);
  }
  return { all, asking, newcomers };
}
