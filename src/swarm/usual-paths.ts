/** Which of the paths that strangers ask for usual clients ask for too. */
import { PATH_TRAIT } from './look.ts';
import { offsetsOf, type SwarmLines } from './swarm-lines.ts';
import type { UsualTraffic } from './usual-traffic.ts';

/** Of fewer clients it may be chance. */
const CLIENTS_MIN = 3;

export class UsualPaths {
  private readonly home: number;
  private readonly count: () => Counts;
  private counts: Counts | undefined;

  /** Usual are clients of before `before`, and those who are here and no strangers; `home` is the hash of the home page's path. */
  constructor(lines: SwarmLines, usual: UsualTraffic, before: number, home: number) {
    this.home = home;
    this.count = () => countClients(lines, usual, before);
  }

  /** How surely the path is one that several usual clients ask for; 0–1. */
  sureness(path: number): number {
    return Math.min(1, this.clients(path) / CLIENTS_MIN);
  }

  /** Share of usual clients that ask for the path; 0–1. */
  share(path: number): number {
    const clients = this.clients(path);
    return Math.min(1, clients / Math.max(1, this.counts?.all ?? 0));
  }

  /** Hardly anybody asked for it before. The home page is never new. */
  isNew(path: number): boolean {
    return path !== this.home && this.sureness(path) < 1;
  }

  private clients(path: number): number {
    // To read what others ask for costs milliseconds, and is seldom needed.
    this.counts ??= this.count();
    return this.counts.asking.get(path) ?? 0;
  }
}

/** How many usual clients there were, and how many of them ask for each path. */
interface Counts {
  readonly all: number;
  readonly asking: ReadonlyMap<number, number>;
}

function countClients({ strangers, others }: SwarmLines, usual: UsualTraffic, before: number): Counts {
  const path = (hashes: Uint32Array, at: number) => hashes[at + PATH_TRAIT] as number;
  const asking = new Map(offsetsOf(strangers.count).map((at) => [path(strangers.hashes, at), 0]));
  const all = usual.countClients(PATH_TRAIT, asking, before);
  for (const at of others.oncePerClient(PATH_TRAIT, offsetsOf(others.count))) {
    const count = asking.get(path(others.hashes, at));
    if (count !== undefined) asking.set(path(others.hashes, at), count + 1);
  }
  return { all, asking };
}
