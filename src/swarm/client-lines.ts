/** How many of the newest lines each client has, and of which kind it is: a table for as many clients as lines are kept. */
import { LINES_KEPT } from '../traffic/evidence.ts';
import { spread } from '../traffic/hash.ts';

const SIZE = 2 ** Math.ceil(Math.log2(2 * LINES_KEPT));

export class ClientLines {
  /** Slot + 1, 0 is free; beside it the kind and the lines. */
  private readonly slots = new Int32Array(SIZE);
  private readonly kinds = new Uint8Array(SIZE);
  private readonly lines = new Uint32Array(SIZE);

  clear(): void {
    this.slots.fill(0);
  }

  /** The client's place; `kindOf` says of which kind one is that has none yet. */
  place(slot: number, kindOf: (slot: number) => number): number {
    let place = spread(slot) & (SIZE - 1);
    for (; this.slots[place] !== slot + 1; place = (place + 1) & (SIZE - 1)) {
      if (this.slots[place] !== 0) continue;
      this.slots[place] = slot + 1;
      this.kinds[place] = kindOf(slot);
      this.lines[place] = 0;
      break;
    }
    return place;
  }

  kind(place: number): number {
    return this.kinds[place] as number;
  }

  /** Counts a line; how many the client has with it. */
  count(place: number): number {
    const lines = (this.lines[place] as number) + 1;
    this.lines[place] = lines;
    return lines;
  }
}
