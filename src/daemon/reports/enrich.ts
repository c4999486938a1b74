/** What is known beside an event when people are told of it: what was noted shortly before, who a client is, its share of the site. */

import type { Notification } from '../../model/notification.ts';
import type { BanEvent } from '../../model/told-event.ts';

/** Clients looked up for one round of messages: beyond it they are folded into digests, which have no room for it. */
const LOOKED_UP_MAX = 20;

export interface EnrichOptions {
  /** What was noted shortly before a time, epoch milliseconds. */
  readonly findNote: (timeMs: number) => string | undefined;
  /** Who each client is, without waiting for anybody; empty where that is not known. */
  readonly describeWho: (clients: readonly string[]) => readonly string[];
  /** Requests a second of the site; undefined while it is not known. */
  readonly siteRate: () => number | undefined;
  readonly now: () => number;
}

type Ban = Extract<Notification, { kind: 'ban' }>;

export function enrich(notifications: readonly Notification[], options: EnrichOptions): readonly Notification[] {
  const after = options.findNote(options.now());
  const who = nameClients(notifications, options);
  const siteRate = options.siteRate();
  return notifications.map((notification) => ({
    ...notification,
    ...(after !== undefined && isBeginning(notification) && { after }),
    ...(notification.kind === 'ban' && { ...shareOf(notification.event, siteRate), ...who.get(notification) }),
  }));
}

function isBeginning(notification: Notification): boolean {
  switch (notification.kind) {
    case 'ban':
      return true;
    case 'global_anomaly':
    case 'lane':
      return notification.event.phase === 'start';
    case 'fuse':
      return notification.event.phase === 'tripped';
    case 'trouble':
      return notification.phase !== 'end';
    default:
      return false;
  }
}

/** The client's own requests are among those of the site, also where the site's rate was measured before them. */
function shareOf({ rate }: BanEvent, siteRate: number | undefined): { share?: number } {
  return siteRate === undefined || !(rate > 0) ? {} : { share: rate / Math.max(rate, siteRate) };
}

function nameClients(
  notifications: readonly Notification[],
  { describeWho }: EnrichOptions,
): ReadonlyMap<Notification, { who?: string }> {
  const bans = notifications.filter((notification): notification is Ban => notification.kind === 'ban');
  const placed = bans.slice(0, LOOKED_UP_MAX);
  const names = placed.length === 0 ? [] : describeWho(placed.map(({ event }) => event.ip));
  return new Map(placed.map((ban, index) => [ban, names[index] ? { who: names[index] } : {}]));
}
