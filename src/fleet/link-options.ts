/** What a host's link to the server is told, and whom it tells. */
import type { SharedCountsResult, SharedNews } from '../engine/shared-counts.ts';
import type { Order } from '../share/order.ts';
import type { Place } from './inbox.ts';
import type { ServerOptions } from './server.ts';

export interface LinkOptions {
  readonly server: ServerOptions;
  readonly name: string;
  readonly host: string;
  readonly shares: { readonly bans: boolean; readonly counts: boolean };
  /** False in observe mode. */
  readonly enforce: boolean;
  /** Wall clock of this host, epoch milliseconds. */
  readonly now: () => number;
  /** What an earlier run had read; undefined for a host that joins. */
  readonly saved: Place | undefined;
  /** Resolves once every decision so far is on disk, or the disk has refused it. */
  readonly recorded: () => Promise<void>;
  /** What the host says of itself. */
  readonly describe: () => Readonly<Record<string, unknown>>;
  /** The server answers. `isNew`: it is not the one that was known, or has lost writes. */
  readonly onUp: (isNew: boolean) => void;
  readonly onDown: (cause: string) => void;
  /**
   * Decisions of others and of this host, what people want now first; the place up to which all are carried out is to be kept with
   * them. `isMoreComing`: more is there already.
   */
  readonly onOrders: (orders: readonly Order[], place: Place, isMoreComing: boolean) => Promise<void>;
  /** Decisions of others that wait to be carried out; with as many no more is read. Default 20,000. */
  readonly readAheadMax?: number;
  /** Gives what this host counted for what others did; undefined where nothing is counted. */
  readonly exchange: (news: SharedNews) => Promise<SharedCountsResult | undefined>;
}
