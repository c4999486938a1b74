/** The fleet as one host sees it: what `zban status` and `zban fleet status` show. */

export interface FleetStatus {
  readonly name: string;
  /** This host's name in it. */
  readonly host: string;
  readonly share: readonly ('bans' | 'counts')[];
  /** `left`: a person took this host out until the next start. */
  readonly state: 'connecting' | 'connected' | 'away' | 'left';
  /** Since when that is so, RFC 3339. */
  readonly since: string;
  /** Hosts that share counts, this one included. */
  readonly hosts: number;
  /** Seconds by which the server's clock is ahead of this host's. */
  readonly clock_ahead_seconds: number;
  /** Decisions that wait for the server. */
  readonly waiting: number;
  /** Clients on watch, whose counts all hosts share. */
  readonly watched: number;
  /** Sent and received since the start, without what the protocol adds; and that a second. */
  readonly bytes_total: number;
  readonly bytes_per_second: number;
  /** Clients spoken of since the start; those for which a moment had no room; those given up because no answer came. */
  readonly counts_sent: number;
  readonly counts_left_out: number;
  readonly counts_dropped: number;
  /** Entries of versions that this one does not know, and of hosts that it does not listen to. */
  readonly unknown_entries: number;
  readonly unheard_entries: number;
}

export interface FleetHost {
  readonly host: string;
  readonly version: string;
  readonly mode: string;
  /** Seconds since it was last heard of. */
  readonly silent_seconds: number;
  /** Whether it counts as there. */
  readonly live: boolean;
  /** Age of the oldest decision that it had not read when it was last heard of, seconds; of a silent host, now. */
  readonly lag_seconds: number;
  readonly bans: number;
  readonly watched: number;
  readonly bytes_per_second: number;
  readonly clock_ahead_seconds: number;
}

/** `hosts` is empty while the server is away. */
export interface FleetReport {
  readonly status: FleetStatus;
  readonly hosts: readonly FleetHost[];
}
