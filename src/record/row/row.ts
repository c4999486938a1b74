/** An audit entry as a row of the database, and the hash that binds it to the row before. */
import { hash } from 'node:crypto';
import { formatDuration } from '../../english/duration.ts';
import type { Actor, AuditDraft, AuditEntry, DraftOf, LossNumbers } from '../../model/audit.ts';
import { type Row, readObject } from './columns.ts';
import { readActor, readFacts } from './stored-facts.ts';

/** Rows recorded between two looks at the rest of the world: some 10 ms of work. */
export const PORTION_ROWS = 500;

/** An entry with its row, but for the hash: a JSON array in column order, which is what the hash is of. */
export interface Written {
  readonly entry: AuditEntry;
  readonly cells: string;
}

/**
 * The hash of a row: SHA-256, hex, of the previous row's hash, a line feed, and the row without its own hash as a JSON
 * array in column order (`numbers` as the text that is stored).
 */
export function hashRow(previousHash: string, row: Row): string {
  return hashCells(previousHash, JSON.stringify(row.slice(0, 12)));
}

const hashCells = (previousHash: string, cells: string): string => hash('sha256', `${previousHash}\n${cells}`, 'hex');

/** Rows as one JSON array: a text crosses threads as a copy of its bytes. */
export function joinRows(rows: readonly Written[]): string {
  return `[${rows.map(({ cells, entry }) => `${cells.slice(0, -1)},"${entry.hash}"]`).join()}]`;
}

/**
 * Numbers a draft and binds it to the row before. Text is made well-formed first, because SQLite stores UTF-8 and a lone
 * surrogate would come back as another character and break the hash. Throws RangeError for a time, tier or duration
 * that is no number: that is a bug of the caller.
 */
export function writeRow(draft: AuditDraft, id: number, configVersion: string, previousHash: string): Written {
  const timeMs = Math.round(draft.timeMs);
  if (!Number.isFinite(timeMs + (draft.tier ?? 0) + (draft.durationSeconds ?? 0)))
    throw new RangeError(`audit row with a number that is none: ${JSON.stringify(draft)}`);
  const actor = draft.actor.toWellFormed() as Actor;
  const client = draft.client?.toWellFormed() ?? null;
  const condition = draft.condition?.toWellFormed() ?? null;
  const detail = draft.detail.toWellFormed();
  const tier = draft.tier === null ? null : Math.round(draft.tier);
  const { action, durationSeconds } = draft;
  const numbers = draft.numbers === null ? null : JSON.stringify(draft.numbers);
  const enforced = draft.enforced ? 1 : 0;
  // biome-ignore format: a row is one line
  const cells = JSON.stringify([id, timeMs, actor, action, client, condition, numbers, tier, durationSeconds, enforced, detail, configVersion]);
  const rowHash = hashCells(previousHash, cells);
  // Field by field: every row comes this way, and to spread the draft takes three times the memory and twice the time.
  const entry = {
    id,
    timeMs,
    actor,
    action,
    client,
    condition,
    numbers: draft.numbers,
    tier,
    durationSeconds,
    enforced: draft.enforced,
    detail,
    configVersion,
    hash: rowHash,
  };
  return { cells, entry: entry as AuditEntry };
}

/** What most actions leave empty. */
export const BLANK = { client: null, condition: null, numbers: null, tier: null, durationSeconds: null } as const;

/** A draft by zban itself about itself. */
export function systemDraft(
  action: 'start' | 'stop' | 'reload' | 'trouble',
  timeMs: number,
  detail: string,
): AuditDraft {
  return { ...BLANK, actor: 'system', action, timeMs, detail, enforced: true };
}

/** The row that says which rows are missing. */
export function missingDraft(timeMs: number, detail: string, numbers: LossNumbers | null): DraftOf<'trouble'> {
  return { ...BLANK, actor: 'system', action: 'trouble', timeMs, detail, numbers, enforced: true };
}

/** The row that says that this host's clock was set. */
export function clockDraft(timeMs: number, movedMs: number, afterId: number): DraftOf<'trouble'> {
  const way = movedMs < 0 ? 'back' : 'forward';
  const detail = `this host's clock was set ${way} by ${formatDuration(Math.abs(movedMs))}: the ends of bans moved with it`;
  const numbers = { clock_moved_ms: movedMs, after_id: afterId };
  return { ...BLANK, actor: 'system', action: 'trouble', timeMs, detail, numbers, enforced: true };
}

/** A row as an entry. */
export function readRow(row: Row): AuditEntry {
  return readEntry(row, readObject(row[6]));
}

/** A row as the projection needs it: bans without numbers, because parsing those is most of the work of a walk. */
export function readConsequences(row: Row): AuditEntry {
  return readEntry(row, row[3] === 'ban' ? null : readObject(row[6]));
}

function readEntry(row: Row, numbers: object | null): AuditEntry {
  const [id, timeMs, actor, action, client, condition, , tier, durationSeconds, enforced, detail, configVersion, hash] =
    row;
  return {
    ...readFacts({ action, client, condition, numbers, detail }),
    ...{
      id,
      timeMs,
      actor: readActor(actor),
      tier,
      durationSeconds,
      enforced: enforced !== 0,
      detail,
      configVersion,
      hash,
    },
  };
}
