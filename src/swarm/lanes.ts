/** The lanes that are open. One ends when its swarm has. */
import {
  LANE_SECONDS_MAX,
  LANES_MAX,
  type LaneAction,
  type LaneEnd,
  type LaneMatch,
  type LaneStart,
} from '../model/lane.ts';
import { formatSecond } from '../model/time.ts';
import { hashTrait, traitsOf } from './look.ts';
import { hasAll, type Value } from './signature.ts';
import { PAST_SECONDS } from './strangers.ts';

/** A swarm that sends less than this share of what it sent at first, for so many seconds, has ended. */
export const QUIET_SHARE = 0.1;
const QUIET_SECONDS = 600;
/** Before its time is up by a clock that runs a little ahead. */
const RENEW_SECONDS = 300;

/** A lane gives way to one that stops clearly more than it does: else two would take turns. */
const GIVE_WAY_SHARE = 0.5;

/** What is known of a lane when it opens. */
export type Finding = Omit<LaneStart, 'event' | 'phase' | 'id' | 'time' | 'action' | 'opened'>;

export interface OpenLane {
  readonly id: string;
  readonly action: LaneAction;
  readonly match: LaneMatch;
  readonly start: number;
  /** When the swarm had begun, at the latest: who came since may be of it. */
  readonly since: number;
  readonly rate: number;
  /** Of the last minute; in the first one `rate`. */
  rateNow: number;
  requests: number;
  lastBusy: number;
}

/** A lane that is over explains what came before `end`. */
export interface PastLane {
  readonly match: LaneMatch;
  readonly end: number;
}

export interface LanesState {
  readonly open: readonly OpenLane[];
  readonly past: readonly PastLane[];
}

const DROPPED_SECONDS = 86_400;

export class Lanes {
  private readonly hashKey: number;
  private open: { readonly lane: OpenLane; readonly values: readonly Value[] }[] = [];
  /** Lanes that were told: those of before a restart, and ends among them that nobody was told of yet. */
  private told: ReadonlySet<string> = new Set();
  private unreported: LaneEnd[] = [];
  private past: { readonly lane: PastLane; readonly values: readonly Value[] }[] = [];

  /** `hashKey` is that of the looks. */
  constructor(hashKey: number) {
    this.hashKey = hashKey;
  }

  get all(): readonly OpenLane[] {
    return this.open.map(({ lane }) => lane);
  }

  /** What a look must have to match, of each open lane. */
  get values(): readonly (readonly Value[])[] {
    return this.open.map(({ values }) => values);
  }

  get size(): number {
    return this.open.length;
  }

  /** `since` is when the swarm had begun, at the latest. */
  start(finding: Finding, action: LaneAction, opened: boolean, second: number, since: number): LaneStart {
    const { match, rate } = finding;
    const used = this.open.filter(({ lane }) => lane.start === second).length;
    const id = `${second.toString(36)}-${used + 1}`;
    const lane = { id, action, match, start: second, since, rate, rateNow: rate, requests: 0, lastBusy: second };
    this.open.push({ lane, values: this.valuesOf(match) });
    return { event: 'lane', phase: 'start', id, time: formatSecond(second), action, opened, ...finding };
  }

  /** Ids of the open lanes that stop the look that begins at `at`. */
  matching(looks: Uint32Array, at: number): string[] {
    return this.open.flatMap(({ lane, values }) => (hasAll(values, looks, at) ? [lane.id] : []));
  }

  /** The look that begins at `at` is one that an open lane stops. */
  matches(looks: Uint32Array, at: number): boolean {
    return this.open.some(({ values }) => hasAll(values, looks, at));
  }

  /** The look is one that a lane stops, or that one stopped which has ended since: it proves nothing new. */
  explains(looks: Uint32Array, at: number, second: number): boolean {
    return (
      this.matches(looks, at) || this.past.some(({ lane, values }) => second < lane.end && hasAll(values, looks, at))
    );
  }

  /** Adds what matched since the last call, `times` as many as in the looks; ends the lanes that are over at `second`. */
  follow(looks: Uint32Array, offsets: readonly number[], times: number, seconds: number, second: number): LaneEnd[] {
    for (const { lane, values } of this.open) {
      const matched = times * offsets.filter((at) => hasAll(values, looks, at)).length;
      lane.requests += matched;
      lane.rateNow = matched / seconds;
      if (matched > QUIET_SHARE * lane.rate * seconds) lane.lastBusy = second;
    }
    this.past = this.past.filter(({ lane }) => second - lane.end < PAST_SECONDS);
    return this.close(({ lastBusy }) => second - lastBusy >= QUIET_SECONDS, second);
  }

  /** The open lanes whose time is up, and what a look must have to match them. */
  old(second: number): readonly { readonly lane: OpenLane; readonly values: readonly Value[] }[] {
    return this.open.filter(({ lane }) => second - lane.start >= LANE_SECONDS_MAX - RENEW_SECONDS);
  }

  /**
   * Where there is no room for a lane that would stop `rate` requests a second, the one that stops least gives way if that is
   * less than half as much: who opens lanes by decoys has to keep on sending with each of them. False where none does.
   */
  makeRoom(rate: number, second: number): LaneEnd[] | false {
    if (this.open.length < LANES_MAX) return [];
    const [least] = this.all.filter(({ start }) => start < second).sort((a, b) => a.rateNow - b.rateNow);
    if (least === undefined || least.rateNow >= GIVE_WAY_SHARE * rate) return false;
    return this.replace(least.id, second).map((end) => ({ ...end, gaveWay: true }));
  }

  /** Ends a lane whose time is up, or that gives way. */
  replace(id: string, second: number): LaneEnd[] {
    return this.close((lane) => lane.id === id, second);
  }

  /** A person ended the lane, or it touched too many others: what it matched is no swarm, for a day. */
  drop(id: string, second: number): LaneEnd[] {
    return this.close((lane) => lane.id === id, second, second + DROPPED_SECONDS);
  }

  /**
   * Ends a rehearsal, whose events go nowhere: what only it found is to be found again, and the ends are given of lanes that
   * were open before it.
   */
  goLive(): readonly LaneEnd[] {
    this.open = this.open.filter(({ lane }) => this.told.has(lane.id));
    const ends = this.unreported;
    this.unreported = [];
    this.told = new Set();
    return ends;
  }

  snapshot(): LanesState {
    return { open: this.open.map(({ lane }) => ({ ...lane })), past: this.past.map(({ lane }) => lane) };
  }

  restore({ open, past }: LanesState): void {
    this.open = open.map((lane) => ({ lane: { ...lane }, values: this.valuesOf(lane.match) }));
    this.told = new Set(open.map(({ id }) => id));
    this.past = past.map((lane) => ({ lane, values: this.valuesOf(lane.match) }));
  }

  private close(isOver: (lane: OpenLane) => boolean, second: number, end = second): LaneEnd[] {
    const over = this.open.filter(({ lane }) => isOver(lane));
    this.open = this.open.filter((each) => !over.includes(each));
    this.past.push(...over.map(({ lane, values }) => ({ lane: { match: lane.match, end }, values })));
    const ends = over.map(({ lane }) => describeEnd(lane, second));
    this.unreported.push(...ends.filter(({ id }) => this.told.has(id)));
    return ends;
  }

  /** The hashes that a look must have to match. */
  private valuesOf(match: LaneMatch): Value[] {
    return traitsOf(match).map(({ trait, text }) => ({ trait, hash: hashTrait(trait, text, this.hashKey) }));
  }
}

function describeEnd({ id, action, match, start, requests }: OpenLane, second: number): LaneEnd {
  const time = formatSecond(second);
  return {
    event: 'lane',
    phase: 'end',
    id,
    time,
    action,
    match,
    durationSeconds: second - start,
    requests: Math.round(requests),
  };
}
