/** What waits in memory to be written: rows in their order, the newest positions and states, and a count of what found no room. */
import type { AuditEntry } from '../../model/audit.ts';
import type { Position } from '../../model/chunk.ts';
import type { Extra, Pending } from '../chain/trail-statements.ts';
import type { RecordError } from '../error.ts';
import { missingDraft } from '../row/row.ts';

/** What one instance could not write, for the next one. */
export interface Unwritten {
  readonly entries: readonly AuditEntry[];
  readonly extra: Extra;
  readonly lost: number;
  readonly lostUnsaid: number;
  readonly lostAtMs: number;
}

export interface TrailStatus {
  /** Rows waiting to be written. */
  readonly backlog: number;
  /** Rows that the full backlog had no room for, since start. */
  readonly lost: number;
  readonly trouble: RecordError | undefined;
}

export class Backlog {
  rows: Pending[] = [];
  /** Rows that found no room, since the start. */
  lost = 0;
  readonly #rowsMax: number;
  #positions = new Map<string, Position>();
  #state = new Map<string, Uint8Array>();
  #lostUnsaid = 0;
  #lostAtMs = 0;

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
  }

  get isEmpty(): boolean {
    return this.rows.length === 0 && this.#positions.size === 0 && this.#state.size === 0;
  }

  /** Rows have room; those that people caused as often again, because a flood must not crowd them out. */
  hasRoom(isOperators: boolean): boolean {
    return this.rows.length < (isOperators ? 2 : 1) * this.#rowsMax;
  }

  countLost(timeMs: number): void {
    this.lost += 1;
    this.#lostUnsaid += 1;
    this.#lostAtMs = timeMs;
  }

  /** The row that says how many are missing before it, once. */
  takeLoss() {
    if (this.#lostUnsaid === 0) return undefined;
    const detail = `${this.#lostUnsaid} audit rows before this one are lost: the database could not be written and the backlog was full`;
    this.#lostUnsaid = 0;
    return missingDraft(this.#lostAtMs, detail, null);
  }

  /** Positions and states are written with the last of the rows that wait before them. */
  addExtra(extra: Extra): void {
    for (const position of extra.positions ?? []) this.#positions.set(position.path, position);
    for (const [key, bytes] of Object.entries(extra.state ?? {})) this.#state.set(key, bytes);
  }

  findState(key: string): Uint8Array | undefined {
    return this.#state.get(key);
  }

  /** What is to be written with the last row that waits. */
  takeExtra(): Extra {
    const { extra } = this;
    this.#positions = new Map();
    this.#state = new Map();
    return extra;
  }

  /** What was taken could not be written; what came since is newer. */
  putBackExtra(extra: Extra): void {
    const newer = this.takeExtra();
    this.addExtra(extra);
    this.addExtra(newer);
  }

  private get extra(): Extra {
    return { positions: [...this.#positions.values()], state: Object.fromEntries(this.#state) };
  }

  /** All of it; undefined when nothing waits. */
  take(): Unwritten | undefined {
    if (this.isEmpty && this.#lostUnsaid === 0) return undefined;
    const { extra, lost } = this;
    const entries = this.rows.map(({ entry }) => entry);
    return { entries, extra, lost, lostUnsaid: this.#lostUnsaid, lostAtMs: this.#lostAtMs };
  }

  /** Takes over all but the rows, which the trail numbers anew. */
  resume({ extra, lost, lostUnsaid, lostAtMs }: Unwritten): void {
    this.addExtra(extra);
    this.lost = lost;
    this.#lostUnsaid = lostUnsaid;
    this.#lostAtMs = lostAtMs;
  }
}
