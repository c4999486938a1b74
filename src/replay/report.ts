/** Gathers what a replay's report needs from its events, in bounded memory however long the log. */
import type {
  BanEvent,
  EngineEvent,
  FuseEvent,
  GlobalAnomalyEnd,
  GlobalAnomalyEvent,
  GlobalAnomalyStart,
  Past,
  RefusedEvent,
} from '../model/told-event.ts';

/** Banned and refused clients remembered one by one: about 1 KiB each. */
const CLIENTS_MAX = 20_000;
/** Anomalies of the site. */
const EPISODES_MAX = 1000;

/** A client that would have been banned. */
export interface BannedClient {
  /** The first ban. */
  readonly ban: BanEvent;
  bans: number;
  /** Of the longest ban; null is permanent. */
  longestSeconds: number | null;
  /** What it was before its first ban. */
  readonly past: Past | undefined;
}

/** A client that crossed a limit and would not have been banned. */
export interface RefusedClient {
  readonly refused: RefusedEvent;
  times: number;
}

/** The site as a whole was anomalous. */
export interface Episode {
  readonly start: GlobalAnomalyStart;
  /** Undefined while it lasts. */
  end: GlobalAnomalyEnd | undefined;
}

export interface BanDay {
  bans: number;
  clients: number;
}

export class ReplayReport {
  bans = 0;
  readonly banned = new Map<string, BannedClient>();
  /** Bans of clients beyond those remembered. */
  bansUnlisted = 0;
  readonly refused = new Map<string, RefusedClient>();
  /** Refusals of clients beyond those remembered. */
  refusalsUnlisted = 0;
  /** By day, `YYYY-MM-DD` in UTC. */
  readonly days = new Map<string, BanDay>();
  readonly episodes: Episode[] = [];
  episodesUnlisted = 0;
  /** When the fuse tripped first, and how often it did. */
  fuse: FuseEvent | undefined;
  fuseTrips = 0;
  /** Clients banned on the day in progress: events come in the order of time. */
  private today = '';
  private readonly bannedToday = new Set<string>();

  add(event: EngineEvent): void {
    switch (event.event) {
      case 'ban':
        this.addBan(event);
        break;
      case 'refused':
        this.addRefused(event);
        break;
      case 'global_anomaly':
        this.addAnomaly(event);
        break;
      case 'fuse':
        if (event.phase === 'reset') break;
        this.fuse ??= event;
        this.fuseTrips++;
    }
  }

  private addBan(ban: BanEvent): void {
    this.bans++;
    const name = ban.time.slice(0, 10);
    if (name !== this.today) this.bannedToday.clear();
    this.today = name;
    const day = this.days.get(name) ?? { bans: 0, clients: 0 };
    this.days.set(name, day);
    day.bans++;
    if (!this.bannedToday.has(ban.ip)) day.clients++;
    this.bannedToday.add(ban.ip);
    const client = this.banned.get(ban.ip);
    if (client) {
      client.bans++;
      const { longestSeconds: longest } = client;
      const seconds = ban.duration_seconds;
      client.longestSeconds = longest === null || seconds === null ? null : Math.max(longest, seconds);
    } else if (this.banned.size < CLIENTS_MAX) {
      this.banned.set(ban.ip, { ban, bans: 1, longestSeconds: ban.duration_seconds, past: ban.past });
    } else this.bansUnlisted++;
  }

  private addRefused(refused: RefusedEvent): void {
    const client = this.refused.get(refused.ip);
    if (client) client.times++;
    else if (this.refused.size < CLIENTS_MAX) this.refused.set(refused.ip, { refused, times: 1 });
    else this.refusalsUnlisted++;
  }

  private addAnomaly(event: GlobalAnomalyEvent): void {
    if (event.phase === 'end') {
      const last = this.episodes.at(-1);
      if (last) last.end ??= event;
    } else if (this.episodes.length < EPISODES_MAX) this.episodes.push({ start: event, end: undefined });
    else this.episodesUnlisted++;
  }
}
