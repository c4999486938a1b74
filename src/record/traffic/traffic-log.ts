/**
 * The site's traffic of the last week, in the database in fixed size: minutes for a day, quarters of an hour for a week, what is
 * usual at each hour of the week, and what is marked in charts.
 */
import type { AuditEntry } from '../../model/audit.ts';
import { parseJson } from '../../model/shape.ts';
import {
  areTrafficMarks,
  TRAFFIC_RANGES,
  type TrafficMark,
  type TrafficMinute,
  type TrafficRange,
  type TrafficSeries,
  type TrafficStep,
  type UsualHour,
} from '../../model/traffic.ts';
import { addRows, decodeRows, encodeRows, type TrafficRow } from './traffic-rows.ts';
import { UsualHours } from './usual-hours.ts';

/** Where it is kept, such as the audit trail's states. */
export interface TrafficStates {
  load(key: string): Uint8Array | undefined;
  save(states: Readonly<Record<string, Uint8Array>>): void;
}

/** A ring: rows of `rowMinutes`, in blocks of `blockRows`, of which one more is kept than a range is long. */
interface Ring {
  readonly name: string;
  readonly rowMinutes: number;
  readonly blockRows: number;
  readonly blocks: number;
}
const MINUTES: Ring = { name: 'minutes', rowMinutes: 1, blockRows: 60, blocks: 25 };
const QUARTERS: Ring = { name: 'quarters', rowMinutes: 15, blockRows: 96, blocks: 8 };
const MARKS_MAX = 200;
const MARKS_KEY = 'traffic:marks';
const USUAL_KEY = 'traffic:usual';
const MINUTE_MS = 60_000;

const blockOf = ({ rowMinutes, blockRows }: Ring, minute: number) => Math.floor(minute / (rowMinutes * blockRows));
const keyOf = (ring: Ring, block: number) => `traffic:${ring.name}:${block % ring.blocks}`;

export class TrafficLog {
  private readonly states: TrafficStates;
  private readonly rows = new Map<Ring, Map<number, TrafficRow>>([
    [MINUTES, new Map()],
    [QUARTERS, new Map()],
  ]);
  private readonly usual = new UsualHours();
  private marks: readonly TrafficMark[] = [];
  /** Bans of minutes that have no row yet. */
  private readonly bans = new Map<number, number>();
  /** Keys whose blocks are to be saved. */
  private readonly changed = new Map<string, () => Uint8Array>();

  constructor(states: TrafficStates) {
    this.states = states;
    for (const [ring, rows] of this.rows) {
      for (let block = 0; block < ring.blocks; block++) {
        for (const row of decodeRows(states.load(keyOf(ring, block)) ?? new Uint8Array(0))) rows.set(row.minute, row);
      }
    }
    const [usual, marks] = [states.load(USUAL_KEY), states.load(MARKS_KEY)];
    if (usual) this.usual.restore(usual);
    if (marks) this.marks = parseJson(new TextDecoder().decode(marks), areTrafficMarks) ?? [];
  }

  /** Epoch milliseconds at which the newest minute ended; 0 without one. Audit rows since then are to be noted again. */
  get newestMs(): number {
    return (Math.max(-1, ...(this.rows.get(MINUTES)?.keys() ?? [])) + 1) * MINUTE_MS;
  }

  /** Files minutes. One that comes again, because its lines were read again, counts where more of it was seen. */
  add(minutes: readonly TrafficMinute[]): void {
    if (minutes.length === 0) return;
    const touched = new Set<number>();
    for (const { isAnomalous, ...minute } of minutes) {
      const known = this.rows.get(MINUTES)?.get(minute.minute);
      if (known && known.requests > minute.requests) continue;
      const bans = Math.max(known?.bans ?? 0, this.bans.get(minute.minute) ?? 0);
      this.bans.delete(minute.minute);
      this.put(MINUTES, { ...minute, minutes: 1, bans, anomalous: isAnomalous ? 1 : 0 });
      touched.add(minute.minute - (minute.minute % QUARTERS.rowMinutes));
    }
    const newest = minutes.at(-1)?.minute ?? 0;
    for (const quarter of touched) {
      const row = this.sum(MINUTES, quarter, QUARTERS.rowMinutes);
      if (!row) continue;
      // Its first minutes are forgotten where the daemon was away for long.
      const known = this.rows.get(QUARTERS)?.get(quarter);
      if (!known || known.minutes <= row.minutes) this.put(QUARTERS, row);
      if (quarter + QUARTERS.rowMinutes <= newest + 1) {
        this.usual.learn(row);
        this.changed.set(USUAL_KEY, () => this.usual.encode());
      }
    }
    this.forget(newest);
    this.save();
  }

  /** Notes what of the audit trail is to be seen in charts. */
  note(entries: readonly AuditEntry[]): void {
    for (const entry of entries) {
      const minute = Math.floor(entry.timeMs / MINUTE_MS);
      if (entry.action === 'ban') this.countBan(minute);
      const mark = markOf(entry);
      if (entry.action === 'global_anomaly' && entry.numbers.phase === 'end') this.endIncident(entry.timeMs);
      else if (mark && !this.marks.some(({ kind, timeMs }) => kind === mark.kind && timeMs === mark.timeMs)) {
        this.marks = [...this.marks, mark].slice(-MARKS_MAX);
        this.changeMarks();
      }
    }
  }

  /** The time up to `nowMs`, ending with the step that is under way. */
  series(range: TrafficRange, nowMs: number): TrafficSeries {
    const { seconds, stepSeconds } = TRAFFIC_RANGES[range];
    const count = seconds / stepSeconds;
    const fromSecond = (Math.floor(nowMs / 1000 / stepSeconds) - count + 1) * stepSeconds;
    const ring = stepSeconds < QUARTERS.rowMinutes * 60 ? MINUTES : QUARTERS;
    const steps = Array.from({ length: count }, (_, index) => {
      const row = this.sum(ring, (fromSecond + index * stepSeconds) / 60, stepSeconds / 60);
      return row && stepOf(row);
    });
    const marks = this.marks.filter(({ timeMs, endMs = timeMs }) => endMs >= fromSecond * 1000);
    return { stepSeconds, fromSecond, steps, marks };
  }

  /** For each hour of the week, UTC, Monday first; undefined where nothing is known. */
  usualHours(): readonly (UsualHour | undefined)[] {
    return this.usual.list();
  }

  /** Writes what changed. */
  save(): void {
    if (this.changed.size === 0) return;
    this.states.save(Object.fromEntries([...this.changed].map(([key, encode]) => [key, encode()])));
    this.changed.clear();
  }

  private put(ring: Ring, row: TrafficRow): void {
    const rows = this.rows.get(ring) as Map<number, TrafficRow>;
    rows.set(row.minute, row);
    const block = blockOf(ring, row.minute);
    const rowAt = (place: number) => rows.get((block * ring.blockRows + place) * ring.rowMinutes);
    const encode = () => encodeRows(Array.from({ length: ring.blockRows }, (_, place) => rowAt(place)));
    this.changed.set(keyOf(ring, block), encode);
  }

  private sum(ring: Ring, minute: number, minutes: number): TrafficRow | undefined {
    const rows = Array.from({ length: minutes / ring.rowMinutes }, (_, index) =>
      this.rows.get(ring)?.get(minute + index * ring.rowMinutes),
    );
    return addRows(
      rows.filter((row) => row !== undefined),
      minute,
    );
  }

  private forget(newest: number): void {
    for (const [ring, rows] of this.rows) {
      const oldest = blockOf(ring, newest) - ring.blocks + 1;
      for (const minute of rows.keys()) if (blockOf(ring, minute) < oldest) rows.delete(minute);
    }
    const oldest = newest - QUARTERS.blocks * QUARTERS.blockRows * QUARTERS.rowMinutes;
    for (const minute of this.bans.keys()) if (minute < oldest) this.bans.delete(minute);
  }

  private countBan(minute: number): void {
    const row = this.rows.get(MINUTES)?.get(minute);
    if (!row) return void this.bans.set(minute, (this.bans.get(minute) ?? 0) + 1);
    this.put(MINUTES, { ...row, bans: row.bans + 1 });
    const quarter = this.rows.get(QUARTERS)?.get(minute - (minute % QUARTERS.rowMinutes));
    if (quarter) this.put(QUARTERS, { ...quarter, bans: quarter.bans + 1 });
  }

  private endIncident(endMs: number): void {
    const open = this.marks.findLastIndex(({ kind, endMs: end }) => kind === 'incident' && end === undefined);
    if (open < 0) return;
    this.marks = this.marks.map((mark, index) => (index === open ? { ...mark, endMs } : mark));
    this.changeMarks();
  }

  private changeMarks(): void {
    this.changed.set(MARKS_KEY, () => new TextEncoder().encode(JSON.stringify(this.marks)));
  }
}

function stepOf({ minute: _, minutes, anomalous: __, ...row }: TrafficRow): TrafficStep {
  const seconds = minutes * 60;
  const { requests, counted, refused, failed, banned } = row;
  const rates = Object.entries({ requests, counted, refused, failed, banned }).map(([name, n]) => [name, n / seconds]);
  return { ...row, ...(Object.fromEntries(rates) as Record<'requests', number>) };
}

function markOf(entry: AuditEntry): TrafficMark | undefined {
  const { timeMs, detail } = entry;
  if (entry.action === 'global_anomaly') {
    const since = Date.parse(String(entry.numbers.since));
    return { kind: 'incident', timeMs: Number.isNaN(since) ? timeMs : since, text: entry.condition };
  }
  if (entry.action === 'start' || entry.action === 'panic') return { kind: entry.action, timeMs, text: '' };
  return entry.action === 'annotate' ? { kind: 'annotation', timeMs, text: detail } : undefined;
}
