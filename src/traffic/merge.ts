/**
 * Merges the rows of several logs into one stream in log time. A source that has more to come is waited for, so that
 * catching up on two logs never makes the slower one late; a source that was read to its end is not.
 */
import { ROW, SECOND, type Tally } from '../parse/tally.ts';

/** A parsed chunk on its way into the engine. */
export interface Parcel {
  readonly source: number;
  readonly bytes: Uint8Array;
  readonly tally: Tally;
}

interface Lane {
  readonly parcels: Parcel[];
  /** Next row of the first parcel. */
  row: number;
  /** Newest second delivered: a late line takes its turn with the line before it. */
  newest: number;
  more: boolean;
}

export class Merge {
  private readonly lanes = new Map<number, Lane>();
  private readonly deliver: (parcel: Parcel, from: number, to: number) => void;

  /** `deliver` is called with consecutive rows of a parcel. */
  constructor(deliver: (parcel: Parcel, from: number, to: number) => void) {
    this.deliver = deliver;
  }

  /** Announces a source that is behind, before its first parcel. */
  expect(source: number): void {
    this.lane(source).more = true;
  }

  /** Adds the next parcel of a source; `more` says that others wait behind it. Returns the parcels now delivered whole. */
  push(parcel: Parcel, more: boolean): Parcel[] {
    const lane = this.lane(parcel.source);
    lane.parcels.push(parcel);
    lane.more = more;
    return this.run();
  }

  /** Nothing more is to come from a source, or it is not worth waiting for. */
  finish(source: number): Parcel[] {
    this.lane(source).more = false;
    return this.run();
  }

  /** Stops waiting for anybody: what is here is delivered. */
  flush(): Parcel[] {
    for (const lane of this.lanes.values()) lane.more = false;
    return this.run();
  }

  private lane(source: number): Lane {
    let lane = this.lanes.get(source);
    if (!lane) {
      lane = { parcels: [], row: 0, newest: 0, more: false };
      this.lanes.set(source, lane);
    }
    return lane;
  }

  private run(): Parcel[] {
    const done: Parcel[] = [];
    for (;;) {
      let first: Lane | undefined;
      let [firstKey, firstHead, limit] = [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (const [key, lane] of this.lanes) {
        this.shiftDone(lane, done);
        const parcel = lane.parcels[0];
        if (!parcel) {
          if (lane.more) return done;
          continue;
        }
        const head = Math.max(lane.newest, parcel.tally.rows[lane.row * ROW + SECOND] as number);
        // Of equal seconds the source with the lower number goes first.
        if (head < firstHead || (head === firstHead && key < firstKey)) {
          limit = firstHead - (firstKey < key ? 1 : 0);
          [first, firstKey, firstHead] = [lane, key, head];
        } else limit = Math.min(limit, head - (key < firstKey ? 1 : 0));
      }
      if (!first) return done;
      this.deliverUpTo(first, limit);
    }
  }

  private shiftDone(lane: Lane, done: Parcel[]): void {
    for (let parcel = lane.parcels[0]; parcel && lane.row >= parcel.tally.count; parcel = lane.parcels[0]) {
      done.push(parcel);
      lane.parcels.shift();
      lane.row = 0;
    }
  }

  /** Delivers the rows of the lane's first parcel whose turn comes no later than second `limit`. */
  private deliverUpTo(lane: Lane, limit: number): void {
    const parcel = lane.parcels[0] as Parcel;
    const { rows, count } = parcel.tally;
    const from = lane.row;
    let to = from;
    if (limit === Number.POSITIVE_INFINITY) {
      for (; to < count; to++) lane.newest = Math.max(lane.newest, rows[to * ROW + SECOND] as number);
    } else {
      for (; to < count; to++) {
        const second = Math.max(lane.newest, rows[to * ROW + SECOND] as number);
        if (second > limit) break;
        lane.newest = second;
      }
    }
    lane.row = to;
    this.deliver(parcel, from, to);
  }
}
