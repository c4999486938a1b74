/** What the page and the JSON addresses show: the status as it is, bans and decisions cut to what is shown. */

import { describeMatch, describeSurplus } from '../english/lane.ts';
import { type Figure, isKnown } from '../english/number.ts';
import type { ActiveBan, AuditEntry } from '../model/audit.ts';
import type { LiveLane } from '../model/live-lane.ts';
import type { Status } from '../model/status.ts';
import { type Label, labelOf, textOf } from './labels.ts';
import type { Verdict } from './verdict.ts';

/** A decision of the audit trail, in words. */
export interface RecentLine extends Label {
  readonly id: number;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly client: string | null;
  readonly text: string;
  readonly actor: string;
}

/** A lane that has not ended, in words. */
export interface LaneLine extends Verdict {
  readonly id: string;
}

/** One message of the event stream. */
export interface Snapshot {
  /** The server's clock, epoch milliseconds: remaining times are counted from it, not from the reader's clock. */
  readonly nowMs: number;
  /** The server's time zone: times on the page are those of its logs. */
  readonly zone: string;
  readonly status: Status;
  readonly verdict: Verdict;
  readonly notices: readonly Verdict[];
  readonly lanes: readonly LaneLine[];
  /** Newest first, without the firewall's confirmations. */
  readonly recent: readonly RecentLine[];
  /** Number of the newest audit row: bans are asked for anew when it changes. */
  readonly revision: number;
  /** Counted requests a second over the last five minutes, oldest first; null where the daemon did not answer. */
  readonly rates: readonly (number | null)[];
  /** Bans, releases and exceptions can be ordered from the page, with a token. */
  readonly actions: boolean;
}

/** Characters of free text that are shown. */
const TEXT_CHARACTERS_MAX = 300;

/** Null for what plays no part, or is infinite. */
function roundFigure(value: Figure): number | null {
  return isKnown(value) ? Math.round(value * 1000) / 1000 : null;
}

const time = (ms: number): string => new Date(ms).toISOString();
const text = (value: string): string => value.slice(0, TEXT_CHARACTERS_MAX).toWellFormed();

const SHOWN_NUMBERS = ['rate', 'mean', 'stddev', 'z', 'multiple', 'points', 'points_limit'] as const;

/** A ban as JSON, with the numbers that decided it: null is permanent, or what played no part. */
export function toBanLine(ban: ActiveBan): Readonly<Record<string, unknown>> {
  // Each look fetches them from the database.
  const { numbers } = ban;
  return {
    ip: text(ban.client),
    tier: ban.tier,
    since: time(ban.sinceMs),
    until: ban.untilMs === null ? null : time(ban.untilMs),
    condition: text(ban.condition),
    enforced: ban.enforced,
    confirmed: ban.confirmed,
    actor: text(ban.actor),
    reason: text(ban.reason),
    ...Object.fromEntries(SHOWN_NUMBERS.map((name) => [name, roundFigure(numbers?.[name])])),
  };
}

export function toRecentLine(entry: AuditEntry): RecentLine {
  return {
    id: entry.id,
    time: entry.timeMs,
    ...labelOf(entry),
    client: entry.client === null ? null : text(entry.client),
    text: text(textOf(entry)),
    actor: text(entry.actor.replace(/^operator:/, '')),
  };
}

const LANE_STATES = {
  open: ['bad', 'nginx'],
  pending: ['warn', 'nginx has not answered yet; it is to'],
  failed: ['bad', 'nginx does not'],
  observed: ['warn', 'nothing is stopped; it would'],
} as const;

export function toLaneLine({ id, action, match, state, until, message, kept, proof }: LiveLane): LaneLine {
  const [tone, subject] = LANE_STATES[state];
  const verb = { hold: 'hold back', deny: 'refuse' }[action];
  const does = state === 'open' ? `nginx ${verb.replace(/^\w+/, '$&s')}` : `${subject} ${verb}`;
  const proven = proof ? `${describeSurplus(proof)}. ` : '';
  const ends = `${kept ? 'Kept by a person until' : 'Ends with the swarm, at the latest'} ${until}.`;
  const trouble = state === 'failed' ? `${message}. ` : '';
  return {
    id,
    tone,
    title: text(`Lane ${id}: ${does} requests with ${describeMatch(match)}`),
    text: text(`${trouble}${proven}${ends}`),
  };
}

/** A status for the page: lists that a configuration makes long are cut. */
export function trimStatus(status: Status): Status {
  return {
    ...status,
    top_clients: status.top_clients.slice(0, 10).map((entry) => ({ ...entry, name: text(entry.name) })),
    logs: status.logs.slice(0, 100),
    troubles: status.troubles.slice(0, 20).map(text),
  };
}
