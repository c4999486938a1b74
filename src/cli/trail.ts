/** The database as the reading commands see it. */
import { existsSync } from 'node:fs';
import type { ActiveBan, AuditEntry } from '../core/audit.ts';
import { CommandError, EXIT } from './exit.ts';

export interface EntryFilter {
  /** Only entries with a greater id. */
  readonly afterId?: number | undefined;
  /** Only entries of this time or later, epoch milliseconds. */
  readonly sinceMs?: number | undefined;
  /** Only entries about this client. */
  readonly client?: string | undefined;
  /** Only the oldest so many of them. */
  readonly first?: number | undefined;
  /** Only the newest so many of them. */
  readonly last?: number | undefined;
}

export type Verdict =
  | { readonly ok: true; readonly entries: number }
  /** `id` is the first entry that does not fit. */
  | { readonly ok: false; readonly id: number; readonly reason: string };

/** Reads only, also while the daemon writes. */
export interface TrailReader {
  activeBans(nowMs: number): readonly ActiveBan[];
  /** Oldest first. */
  entries(filter: EntryFilter): readonly AuditEntry[];
  findEntry(id: number): AuditEntry | undefined;
  verify(): Verdict;
  close(): void;
}

export function openTrail(database: string): TrailReader {
  if (!existsSync(database)) {
    throw new CommandError(EXIT.failed, `no database at ${database}: has zban run here with this configuration?`);
  }
  throw new CommandError(EXIT.failed, 'the database cannot be read by this version');
}
