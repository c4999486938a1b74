/** Who is behind an address. Nothing in it comes from a log. */

/** Who runs a network, as a table of networks has it. */
export interface NetworkOwner {
  /** Number of the autonomous system (RFC 1930); 0 where the table names none. */
  readonly asn: number;
  /** The operator's name, such as `OVH`; may be empty. */
  readonly name: string;
  /** ISO 3166-1 alpha-2, such as `FR`; may be empty. */
  readonly country: string;
}

export interface Who {
  readonly owner?: NetworkOwner | undefined;
  /** Host name that the address has by reverse DNS. */
  readonly hostName?: string | undefined;
  /** Whether that name has the address in turn: without it, anybody may have written the name. */
  readonly hostNameConfirmed?: boolean | undefined;
  /** The robot it is, by a published network or a confirmed host name. */
  readonly robot?: string | undefined;
}
