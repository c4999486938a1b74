/** What `zban explain` says of a client, for the page's drawer. */
import type { RecentLine } from './snapshot.ts';

/** A label and what it is about: a text, or lines that stay as they are. */
export interface Fact {
  readonly label: string;
  readonly text?: string;
  readonly lines?: readonly string[];
}

export interface Explanation {
  /** The client, as it is called in commands; null for a row about none. */
  readonly client: string | null;
  /** How it stands now. */
  readonly title: string;
  readonly facts: readonly Fact[];
  /** The rows of the trail about it, newest first. */
  readonly timeline: readonly RecentLine[];
  /** Whether a ban in force covers it, and whether it is on the allowlist. */
  readonly isBanned: boolean;
  readonly isAllowed: boolean;
}
