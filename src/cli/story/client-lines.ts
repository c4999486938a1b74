/** What one client did in some stretches of time, picked out of the access logs' lines. */

import { type ClientScheme, clientPrefix, findClientKey, IPV4_HIGH, isIpv4Client } from '../../net/client-key.ts';
import { type Prefix, parsePrefix, prefixContains } from '../../net/prefix.ts';
import { createLaneMatcher } from '../../parse/lane-matcher.ts';
import type { Parser } from '../../parse/parser.ts';
import { HIGH, LINE, LOW, ROW, SECOND, type Tally } from '../../parse/tally.ts';
import { lineAt } from '../past-logs.ts';
import { Activity, type ActivitySummary } from './activity.ts';
import type { LaneHits, LaneSpan } from './lane-hits.ts';

type LaneMatcher = ReturnType<typeof createLaneMatcher>;

/** Rows kept of a client, the oldest ones. */
const ROWS_MAX = 100_000;

/** A stretch of log time, epoch milliseconds. */
export interface Stretch {
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface StretchActivity extends Stretch {
  /** Undefined when there was no request. */
  readonly activity: ActivitySummary | undefined;
}

export class ClientLines {
  /** Requests from the part. */
  own = 0;
  private readonly client: Prefix;
  private readonly part: Prefix;
  private readonly stretches: readonly (Stretch & { readonly added: Activity })[];
  private readonly found: Uint32Array[] = [];
  private readonly isNear: (high: number, low: number) => boolean;
  private readonly lanes: readonly { readonly span: LaneSpan; readonly matches: LaneMatcher; requests: number }[];

  /** A line that two of the stretches hold belongs to the first. `part` is what is counted of the client by itself. */
  constructor(
    client: Prefix,
    stretches: readonly Stretch[],
    scheme: ClientScheme,
    part = client,
    lanes: readonly LaneSpan[] = [],
  ) {
    this.client = client;
    this.part = part;
    this.isNear = neighbours(client, scheme);
    this.stretches = stretches.map((stretch) => ({ ...stretch, added: new Activity() }));
    this.lanes = lanes.map((span) => ({ span, matches: createLaneMatcher(span.match), requests: 0 }));
  }

  /** Adds the client's lines among these. */
  add({ rows, count }: Tally, bytes: Uint8Array, parser: Parser): void {
    for (let at = 0; at < count * ROW; at += ROW) {
      if (!this.isNear(rows[at + HIGH] as number, rows[at + LOW] as number)) continue;
      const second = rows[at + SECOND] as number;
      const ms = second * 1000;
      const stretch = this.stretches.find(({ fromMs, untilMs }) => ms >= fromMs && ms <= untilMs);
      const record = stretch && parser.readRecord(lineAt(bytes, rows[at + LINE] as number));
      if (!record) continue;
      const sender = parsePrefix(record.source_ip ?? '');
      // One IPv6 host may be asked about: the tallies know its network only.
      if (!sender || !prefixContains(this.client, sender)) continue;
      if (prefixContains(this.part, sender)) this.own++;
      stretch.added.add(second, record);
      for (const lane of this.lanes) if (isWithin(ms, lane.span) && lane.matches(record)) lane.requests++;
      if (this.found.length < ROWS_MAX) this.found.push(rows.slice(at, at + ROW));
    }
  }

  activities(): StretchActivity[] {
    return this.stretches.map(({ added, ...stretch }) => ({ ...stretch, activity: added.summary() }));
  }

  /** The lanes that some of its requests match. */
  laneHits(): LaneHits[] {
    return this.lanes.flatMap(({ span, requests }) => (requests === 0 ? [] : [{ ...span, requests }]));
  }

  /** The client's rows as the tallies had them, in the order of time. */
  rows(): readonly Uint32Array[] {
    return this.found.sort((a, b) => (a[SECOND] as number) - (b[SECOND] as number));
  }
}

/** Log time is told in whole seconds. */
function isWithin(ms: number, { fromMs, untilMs }: LaneSpan): boolean {
  return ms + 999 >= fromMs && ms <= (untilMs ?? Number.POSITIVE_INFINITY);
}

/** Tells whether a client of the tallies may have one of these addresses. */
function neighbours(prefix: Prefix, scheme: ClientScheme): (high: number, low: number) => boolean {
  const key = findClientKey(prefix, scheme);
  if (key) return (high, low) => high === key.high && low === key.low;
  const { family, value, bits } = prefix;
  const mask = (length: number) => (length <= 0 ? 0 : -1 << (32 - Math.min(32, length)));
  const [highMask, lowMask] = family === 4 ? [-1, mask(bits)] : [mask(bits), mask(bits - 32)];
  const [wantedHigh, wantedLow] =
    family === 4 ? [IPV4_HIGH, Number(value)] : [Number(value >> 96n), Number((value >> 64n) & 0xffffffffn)];
  return (high, low) => {
    if (family === 6 && isIpv4Client(high)) return prefixContains(prefix, clientPrefix(high, low, scheme));
    return ((high ^ wantedHigh) & highMask) === 0 && ((low ^ wantedLow) & lowMask) === 0;
  };
}
