/** Asks the daemon for its state, once a second while somebody looks, and keeps what the page needs of the past. */
import type { AuditEntry } from '../model/audit.ts';
import type { LiveLane } from '../model/lane.ts';
import type { Status } from '../model/status.ts';
import { isRoutine } from './labels.ts';
import { type Snapshot, toLaneLine, toRecentLine, trimStatus } from './snapshot.ts';
import { describeVerdict, listNotices } from './verdict.ts';

/** Where the page's contents come from. All must be cheap: they are asked every second while somebody looks. */
export interface FeedSources {
  readonly status: () => Promise<Status> | Status;
  /** Requests a second that count towards the site's baseline, by the newest second of the log; null while zban starts. */
  readonly rate: () => number | null;
  /** The lanes that have not ended; few. */
  readonly lanes: () => readonly LiveLane[];
  /** Rows of the audit trail, newest first, at most `limit`. */
  readonly recent: (limit: number) => readonly AuditEntry[];
}

/** Decisions that the page shows, and the rows among which they are looked for. */
const RECENT_MAX = 40;
const ROWS_MAX = 120;
const HISTORY_SECONDS = 300;
/** A snapshot is sent every second. */
const FRESH_MS = 1000;
/** The daemon's answer is waited for this long. */
const STATUS_TIMEOUT_MS = 3000;

export class Feed {
  readonly #sources: FeedSources;
  readonly #now: () => number;
  readonly #hasActions: boolean;
  readonly #rates: (number | null)[] = [];
  #asking: Promise<Status> | undefined;
  #encoded: { readonly json: Promise<string>; readonly atMs: number } | undefined;

  constructor(sources: FeedSources, now: () => number, hasActions: boolean) {
    this.#sources = sources;
    this.#hasActions = hasActions;
    this.#now = now;
  }

  /** The daemon's status; rejects when it fails or takes longer than three seconds. Callers share one question. */
  async status(): Promise<Status> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Notes the rate of this second. */
  sample(): void {
    const rate = this.#sources.rate();
    this.#rates.push(rate === null ? null : Math.round(rate * 100) / 100);
    if (this.#rates.length > HISTORY_SECONDS) this.#rates.shift();
  }

  /** All that the page shows, as one line of JSON; rejects like `status`. Anyone who asks within a second gets the same. */
  snapshot(): Promise<string> {
    const ageMs = this.#now() - (this.#encoded?.atMs ?? Number.NEGATIVE_INFINITY);
    if (this.#encoded && ageMs >= 0 && ageMs < FRESH_MS) return this.#encoded.json;
    return this.refresh();
  }

  /** As it is now. */
  refresh(): Promise<string> {
    const encoded = { json: this.#encode(), atMs: this.#now() };
    this.#encoded = encoded;
    // A failure is nobody's answer but theirs who wait for it.
    encoded.json.catch(() => {
      if (this.#encoded === encoded) this.#encoded = undefined;
    });
    return encoded.json;
  }

  async #encode(): Promise<string> {
    const status = trimStatus(await this.status());
    const rows = this.#sources.recent(ROWS_MAX);
    const news = rows.filter((entry) => !isRoutine(entry)).slice(0, RECENT_MAX);
    const snapshot: Snapshot = {
      status,
      verdict: describeVerdict(status),
      notices: listNotices(status),
      nowMs: this.#now(),
      zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      lanes: this.#sources.lanes().map(toLaneLine),
      recent: news.map(toRecentLine),
      revision: rows[0]?.id ?? 0,
      rates: this.#rates,
      actions: this.#hasActions,
    };
    return JSON.stringify(snapshot);
  }

  async #ask(): Promise<Status> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the daemon did not answer in time')), STATUS_TIMEOUT_MS);
    });
    try {
      return await Promise.race([Promise.resolve().then(this.#sources.status), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
