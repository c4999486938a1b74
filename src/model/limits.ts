/** What people, lists and other hosts may order. Apart from what checks it, which neither an idle daemon nor a command loads. */

/** Addresses in one request; the command line splits longer lists. */
export const TARGETS_MAX = 10_000;
/** Holds TARGETS_MAX bans with a few words of reason each; lists with more are split as well. */
export const REQUEST_BYTES_MAX = 4 * 1_048_576;
/** A thousand years: longer bans are for good. */
export const BAN_MS_MAX = 365_250 * 86_400_000;
export const REASON_LENGTH_MAX = 500;
/** Of a ban. */
export const TIER_MAX = 1000;
/** It has to fit into the first sentence of a message. */
export const ANNOTATION_LENGTH_MAX = 100;
/** A person's lane ends within a month: what a swarm looks like today, visitors may look like next year. */
export const LANE_MS_MAX = 30 * 86_400_000;
