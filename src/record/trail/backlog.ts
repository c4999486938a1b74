/** What waits in memory to be written: rows in their order, the newest positions and states, and a count of what found no room. */
import type { Position } from '../../model/chunk.ts';
import type { Extra, Pending } from '../chain/trail-statements.ts';
import type { RecordError } from '../error.ts';
import { missingDraft } from '../row/row.ts';
import { RowWaits } from './row-waits.ts';

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
  /** The newest that were saved or read, also once they are on disk: a reload must not need a disk that gives nothing back. */
  readonly #positions = new Map<string, Position>();
  readonly #states = new Map<string, Uint8Array>();
  /** Keys of those that are not on disk. */
  readonly #unsavedPositions = new Set<string>();
  readonly #unsavedStates = new Set<string>();
  /** How often positions and states came, how often they had when they were last taken, and who waits for them to be on disk. */
  #extras = 0;
  #taken = 0;
  readonly #extraWaits = new RowWaits(0);
  #lostUnsaid = 0;
  #lostAtMs = 0;

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
  }

  get isEmpty(): boolean {
    return this.rows.length === 0 && this.#unsavedPositions.size === 0 && this.#unsavedStates.size === 0;
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
    this.#extras++;
    for (const position of extra.positions ?? []) {
      this.#positions.set(position.path, position);
      this.#unsavedPositions.add(position.path);
    }
    for (const [key, bytes] of Object.entries(extra.state ?? {})) {
      this.#states.set(key, bytes);
      this.#unsavedStates.add(key);
    }
  }

  get positions(): Position[] {
    return [...this.#positions.values()];
  }

  findState(key: string): Uint8Array | undefined {
    return this.#states.get(key);
  }

  /** What the disk has of it. */
  noteStored(positions: readonly Position[], state: Readonly<Record<string, Uint8Array>>): void {
    for (const position of positions) this.#positions.set(position.path, position);
    for (const [key, bytes] of Object.entries(state)) this.#states.set(key, bytes);
  }

  /** What is to be written with the last row that waits. */
  takeExtra(): Extra {
    const positions = this.positions.filter(({ path }) => this.#unsavedPositions.has(path));
    const state = Object.fromEntries([...this.#states].filter(([key]) => this.#unsavedStates.has(key)));
    this.#unsavedPositions.clear();
    this.#unsavedStates.clear();
    this.#taken = this.#extras;
    return { positions, state };
  }

  /** What was taken could not be written; what came since is newer. */
  putBackExtra({ positions = [], state = {} }: Extra): void {
    this.#taken = 0;
    for (const { path } of positions) this.#unsavedPositions.add(path);
    for (const key of Object.keys(state)) this.#unsavedStates.add(key);
  }

  /** Resolves once the positions and states that came so far are on disk, or the disk has refused them. */
  extraSaved(): Promise<void> {
    return this.#extraWaits.until(this.#extras);
  }

  /** What was taken is written. */
  noteSaved(): void {
    this.#extraWaits.note(this.#taken);
  }

  /** The disk refuses what waits, or nothing does. */
  stopWaiting(): void {
    this.#extraWaits.note(this.#extras);
  }

  /** Another database has none of it. */
  putBackAll(): void {
    this.putBackExtra({ positions: this.positions, state: Object.fromEntries(this.#states) });
  }
}
