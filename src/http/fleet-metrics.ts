/** The fleet as Prometheus metrics; absent where none is configured. */
import type { FleetStatus } from '../model/fleet.ts';
import type { Metric, Samples } from './metrics.ts';

const of =
  (read: (fleet: FleetStatus) => number | Samples): Metric[2] =>
  ({ fleet }) =>
    fleet ? read(fleet) : [];

export const FLEET_COUNTERS: readonly Metric[] = [
  ['zban_fleet_bytes_total', "Sent to and received from the fleet's server.", of((fleet) => fleet.bytes_total)],
  [
    'zban_fleet_counts_total',
    'Clients whose counts were due, by outcome: sent, left_out for want of room, dropped without an answer.',
    of((fleet) => [
      [{ outcome: 'sent' }, fleet.counts_sent],
      [{ outcome: 'left_out' }, fleet.counts_left_out],
      [{ outcome: 'dropped' }, fleet.counts_dropped],
    ]),
  ],
  [
    'zban_fleet_skipped_entries_total',
    'Entries of the fleet that were skipped, by reason: unknown version, host not accepted.',
    of((fleet) => [
      [{ reason: 'unknown' }, fleet.unknown_entries],
      [{ reason: 'not_accepted' }, fleet.unheard_entries],
    ]),
  ],
];

export const FLEET_GAUGES: readonly Metric[] = [
  [
    'zban_fleet_up',
    "1 while the fleet's server answers, 0 while this host judges alone.",
    of(({ state }) => Number(state === 'connected')),
  ],
  ['zban_fleet_hosts', 'Hosts that share counts, this one included.', of((fleet) => fleet.hosts)],
  ['zban_fleet_waiting', 'Decisions that wait for the server.', of((fleet) => fleet.waiting)],
  ['zban_fleet_watched_clients', 'Clients whose counts all hosts share.', of((fleet) => fleet.watched)],
  [
    'zban_fleet_clock_ahead_seconds',
    "Seconds by which the server's clock is ahead of this host's.",
    of((fleet) => fleet.clock_ahead_seconds),
  ],
];
