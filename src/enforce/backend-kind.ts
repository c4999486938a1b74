/** What zban knows of a kind of backend before one is opened. docs/extending.md shows how to add one. */
import type { Log } from '../model/log.ts';
import type { FirewallSettings } from '../settings/firewall-settings.ts';
import type { EnforcementBackend } from './backend.ts';
import type { CommandRunner } from './command.ts';
import type { Filter } from './filter.ts';

export interface HostFirewall {
  readonly settings: FirewallSettings;
  readonly run: CommandRunner;
  /** zban's part of the filter tables, through iptables. */
  readonly filter: Filter;
  readonly log: Log;
}

export interface OpenFirewall extends HostFirewall {
  /** `bans.max_active`. */
  readonly maxActive: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Gives what a program prints, undefined when it fails or is missing. */
export type Ask = (...argv: readonly [string, ...string[]]) => Promise<string | undefined>;

/** What stands or is missing of what bans need; or the command that says so and failed. */
export type Standing = { readonly stands: string } | { readonly missing: string } | { readonly unseen: string };

export interface BackendKind {
  readonly open: (firewall: OpenFirewall) => EnforcementBackend;
  /**
   * Asks for the tool, the right and the kernel's support at once: rejects with EnforcementError unless it can work here, and changes
   * nothing. `firewall.backend: auto` tries the kinds that have it.
   */
  readonly probe?: (firewall: HostFirewall) => Promise<void>;
  /** What takes out what it leaves on the host, in this order; kinds may share one. */
  readonly leavings: readonly ((firewall: HostFirewall) => Promise<void>)[];
  /** For `zban doctor`, while the daemon enforces. */
  readonly look?: (ask: Ask, settings: FirewallSettings) => Promise<Standing>;
  /** Bans clients that come through a proxy, whose packets have the proxy's address. */
  readonly seesThroughProxies?: true;
  /** Debian packages of its tools. */
  readonly packages?: string;
  /** What an operator tries when it cannot work, where that is one thing whatever failed. */
  readonly fix?: (settings: FirewallSettings) => string;
}
