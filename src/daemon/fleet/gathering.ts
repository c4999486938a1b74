/** When the firewall gets the bans of other hosts, and is asked whether it holds them. */
import { type Changes, FEW } from '../../model/reconcile.ts';

/** While more bans are about to come, the firewall gets those of so long at once: each time costs what hundreds of bans cost. */
const GATHER_MS = 500;
/** It is asked about many once none came for so long: on a busy host there are gaps in what comes. */
const ASK_MS = 2000;

export class Gathering {
  private readonly reconcile: (which: Changes) => Promise<void>;
  /** Until what was gathered goes to the firewall, or, after that, until it is asked. */
  private timer: NodeJS.Timeout | undefined;
  private isGathering = false;

  constructor(reconcile: Gathering['reconcile']) {
    this.reconcile = reconcile;
  }

  /** So many bans were recorded; a few go to the firewall at once. */
  add(count: number): void {
    if (count === 0) return;
    if (count <= FEW) void this.reconcile('few');
    else if (!this.isGathering) {
      this.isGathering = true;
      clearTimeout(this.timer);
      this.timer = setTimeout(this.next, GATHER_MS);
    }
  }

  /** No more is about to come. */
  flush(): void {
    if (this.isGathering) this.next();
  }

  /** What waits for the firewall gets there with the next start. */
  stop(): void {
    clearTimeout(this.timer);
  }

  /** Packets are dropped first: what the firewall says of that, and the rows of it, wait until no more comes. */
  private readonly next = (): void => {
    const isNews = this.isGathering;
    this.isGathering = false;
    clearTimeout(this.timer);
    if (isNews) this.timer = setTimeout(this.next, ASK_MS);
    void this.reconcile(isNews ? 'many' : 'all');
  };
}
