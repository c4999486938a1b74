/** The fleet as one host sees it: what `zban status` and `zban fleet status` show. */
import { each, isBoolean, isList, isNumber, isObject, isOneOf, isText, type Value } from './shape.ts';

/** A clock that is off by more is told. */
export const CLOCK_OFF_MS = 2000;

export const isFleetStatus = isObject({
  name: isText,
  /** This host's name in it. */
  host: isText,
  share: isList(isOneOf('bans', 'counts')),
  /** `left`: a person took this host out until the next start. */
  state: isOneOf('connecting', 'connected', 'away', 'left'),
  /** Since when that is so, RFC 3339. */
  since: isText,
  /** Hosts that share counts, this one included. */
  hosts: isNumber,
  /** Seconds by which the server's clock is ahead of this host's. */
  clock_ahead_seconds: isNumber,
  /** Decisions that wait for the server. */
  waiting: isNumber,
  /** Clients on watch, whose counts all hosts share. */
  watched: isNumber,
  /** Sent and received since the start, without what the protocol adds; and that a second. */
  ...each(isNumber, 'bytes_total', 'bytes_per_second'),
  /** Clients spoken of since the start; those for which a moment had no room; those given up because no answer came. */
  ...each(isNumber, 'counts_sent', 'counts_left_out', 'counts_dropped'),
  /** Entries of versions that this one does not know, and of hosts that it does not listen to. */
  ...each(isNumber, 'unknown_entries', 'unheard_entries'),
});
export type FleetStatus = Value<typeof isFleetStatus>;

const isFleetHost = isObject({
  ...each(isText, 'host', 'version', 'mode'),
  /** Seconds since it was last heard of. */
  silent_seconds: isNumber,
  /** Whether it counts as there. */
  live: isBoolean,
  /** Age of the oldest decision that it had not read when it was last heard of, seconds; of a silent host, now. */
  lag_seconds: isNumber,
  /** Of `bans`, which are in force, its firewall was not yet seen to hold `pending`. */
  ...each(isNumber, 'bans', 'pending', 'watched', 'bytes_per_second', 'clock_ahead_seconds'),
});
export type FleetHost = Value<typeof isFleetHost>;

/** `hosts` is empty while the server is away. */
export const isFleetReport = isObject({ status: isFleetStatus, hosts: isList(isFleetHost) });
export type FleetReport = Value<typeof isFleetReport>;
