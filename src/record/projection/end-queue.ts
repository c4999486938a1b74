/** Clients by the end of their bans, the earliest first: a binary heap, so that one that is due costs no look at the others. */
export class EndQueue {
  private readonly ends: number[] = [];
  private readonly clients: string[] = [];

  get size(): number {
    return this.ends.length;
  }

  clear(): void {
    this.ends.length = 0;
    this.clients.length = 0;
  }

  /** A client may be in it more than once: nothing is taken out before its time. `endMs` in epoch milliseconds. */
  add(client: string, endMs: number): void {
    let at = this.ends.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.ends[parent] as number) <= endMs) break;
      this.move(parent, at);
      at = parent;
    }
    this.ends[at] = endMs;
    this.clients[at] = client;
  }

  /** Takes out the client with the earliest end, if that has come at `nowMs`. */
  take(nowMs: number): string | undefined {
    const [endMs, first] = [this.ends[0], this.clients[0]];
    if (endMs === undefined || endMs > nowMs) return undefined;
    const lastEnd = this.ends.pop() as number;
    const last = this.clients.pop() as string;
    if (this.ends.length > 0) this.sink(last, lastEnd);
    return first;
  }

  private sink(client: string, endMs: number): void {
    const { ends } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < ends.length && (ends[child + 1] as number) < (ends[child] as number)) child++;
      if (child >= ends.length || endMs <= (ends[child] as number)) break;
      this.move(child, at);
      at = child;
    }
    ends[at] = endMs;
    this.clients[at] = client;
  }

  private move(from: number, to: number): void {
    this.ends[to] = this.ends[from] as number;
    this.clients[to] = this.clients[from] as string;
  }
}
