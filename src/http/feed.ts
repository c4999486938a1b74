/** Asks the daemon for its state, once a second while somebody looks, and keeps what the page needs of the past. */
import type { AuditEntry } from '../model/audit.ts';
import type { LiveLane } from '../model/live-lane.ts';
import type { Status } from '../model/status.ts';
import { isRoutine } from './labels.ts';
import { type Snapshot, toLaneLine, toRecentLine, trimStatus } from './snapshot.ts';
import { describeVerdict, listNotices } from './verdict.ts';

/** Where the page's contents come from. All must be cheap: they are asked every second while somebody looks. */
export interface FeedSources {
  readonly status: () => Status;
  /** Requests a second that count towards the site's baseline, by the newest second of the log; null while zban starts. */
  readonly rate: () => number | null;
  /** The lanes that have not ended; few. */
  readonly lanes: () => readonly LiveLane[];
  /** Rows of the audit trail, newest first, at most `limit`. */
  readonly recent: (limit: number) => readonly AuditEntry[];
  /** The same without what a firewall did as it should, however far back: not cheap. */
  readonly decisions: (limit: number) => readonly AuditEntry[];
}

/** Decisions that the page shows, and the rows among which they are looked for first. */
const RECENT_MAX = 40;
const ROWS_MAX = 120;
const HISTORY_SECONDS = 300;
/** A snapshot is sent every second. */
const FRESH_MS = 1000;

export class Feed {
  readonly #sources: FeedSources;
  readonly #now: () => number;
  readonly #hasActions: boolean;
  readonly #rates: (number | null)[] = [];
  #older: { readonly revision: number; readonly decisions: readonly AuditEntry[] } | undefined;
  #newest: { readonly json: string; readonly atMs: number } | undefined;

  constructor(sources: FeedSources, now: () => number, hasActions: boolean) {
    this.#sources = sources;
    this.#hasActions = hasActions;
    this.#now = now;
  }

  /** Notes the rate of this second. */
  sample(): void {
    const rate = this.#sources.rate();
    this.#rates.push(rate === null ? null : Math.round(rate * 100) / 100);
    if (this.#rates.length > HISTORY_SECONDS) this.#rates.shift();
  }

  /** All that the page shows, as one line of JSON. Anyone who asks within a second gets the same. Throws what a source throws. */
  snapshot(): string {
    const ageMs = this.#now() - (this.#newest?.atMs ?? Number.NEGATIVE_INFINITY);
    return this.#newest && ageMs >= 0 && ageMs < FRESH_MS ? this.#newest.json : this.refresh();
  }

  /** As it is now. */
  refresh(): string {
    const { status: findStatus, recent, lanes } = this.#sources;
    const status = trimStatus(findStatus());
    const rows = recent(ROWS_MAX);
    const snapshot: Snapshot = {
      status,
      verdict: describeVerdict(status),
      notices: listNotices(status),
      nowMs: this.#now(),
      zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      lanes: lanes().map(toLaneLine),
      recent: this.#findDecisions(rows).map(toRecentLine),
      revision: rows[0]?.id ?? 0,
      rates: this.#rates,
      actions: this.#hasActions,
    };
    const json = JSON.stringify(snapshot);
    this.#newest = { json, atMs: snapshot.nowMs };
    return json;
  }

  /** Among the newest rows, unless the results of a long list stand before them. */
  #findDecisions(rows: readonly AuditEntry[]): readonly AuditEntry[] {
    const news = rows.filter((entry) => !isRoutine(entry)).slice(0, RECENT_MAX);
    if (news.length === RECENT_MAX || rows.length < ROWS_MAX) return news;
    const revision = rows[0]?.id ?? 0;
    if (this.#older?.revision !== revision) this.#older = { revision, decisions: this.#sources.decisions(RECENT_MAX) };
    return this.#older.decisions;
  }
}
