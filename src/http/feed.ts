/** Asks the daemon for its state once a second and keeps what the page needs of the past. */
import type { ActiveBan, AuditEntry } from '../model/audit.ts';
import type { Status } from '../model/status.ts';
import { type Snapshot, toBanLine, toRecentLine, trimStatus } from './snapshot.ts';

/** Where the page's contents come from. All must be cheap: they are asked every second while somebody looks. */
export interface FeedSources {
  readonly status: () => Promise<Status> | Status;
  /** Active and would-be bans, newest first, at most `limit`. */
  readonly bans: (limit: number) => readonly ActiveBan[];
  /** Rows of the audit trail, newest first, at most `limit`. */
  readonly recent: (limit: number) => readonly AuditEntry[];
}

/** Rows the page shows. */
const BANS_MAX = 100;
const RECENT_MAX = 50;
const HISTORY_SECONDS = 300;
/** A snapshot is sent every second. */
const FRESH_MS = 1000;
/** The daemon's answer is waited for this long. */
const STATUS_TIMEOUT_MS = 3000;

export class Feed {
  readonly #sources: FeedSources;
  readonly #now: () => number;
  readonly #rates: (number | null)[] = [];
  #asking: Promise<Status> | undefined;
  #encoded: { readonly json: Promise<string>; readonly atMs: number } | undefined;

  constructor(sources: FeedSources, now: () => number) {
    this.#sources = sources;
    this.#now = now;
  }

  /** The daemon's status; rejects when it fails or takes longer than three seconds. Callers share one question. */
  async status(): Promise<Status> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Notes the rate of this second. Never rejects. */
  async sample(): Promise<void> {
    const rate = await this.status().then(
      (status) => Math.round(status.site_rate_last * 100) / 100,
      () => null,
    );
    this.#rates.push(rate);
    if (this.#rates.length > HISTORY_SECONDS) this.#rates.shift();
  }

  /** All that the page shows, as one line of JSON; rejects like `status`. Whoever asks within a second gets the same. */
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
    const snapshot: Snapshot = {
      status: trimStatus(await this.status()),
      nowMs: this.#now(),
      bans: this.#sources.bans(BANS_MAX).slice(0, BANS_MAX).map(toBanLine),
      recent: this.#sources.recent(RECENT_MAX).slice(0, RECENT_MAX).map(toRecentLine),
      rates: this.#rates,
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
