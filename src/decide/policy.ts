/** All policy: an anomaly (a fact) goes in, a decision (a choice with its reason) comes out. */

import type { ProxyClient } from '../detect/proxy-watch.ts';
import type { FuseEvent } from '../model/event.ts';
import type { BanOptions } from '../model/options.ts';
import { type ClientScheme, clientPrefix, findIpv4 } from '../net/client-key.ts';
import { type BanKey, banPrefix, networksOf } from '../net/client-network.ts';
import { type Prefix, prefixesOverlap } from '../net/prefix.ts';
import { PrefixTable } from '../net/prefix-table.ts';
import { Fuse } from './fuse.ts';
import { OffenderTable } from './offender-table.ts';

/** A network that is never banned, and why, in words. */
export interface NeverBanned {
  readonly prefix: Prefix;
  readonly kind: 'allowlist' | 'protected';
  readonly detail: string;
}

/** What is remembered of a banned client, or of a network of clients. Seconds are epoch seconds. */
export interface Offender extends BanKey {
  /** Tier of the last ban, 1 is the first. */
  readonly tier: number;
  /** End of the ban in force, 0 when none is, Infinity when permanent. */
  readonly until: number;
  /** End of the last ban; the tier decays from here. */
  readonly lastEnd: number;
}

/** What the fuse says of those that it does not protect. */
const STRANGER: ReturnType<Fuse['admit']> = { admitted: true };

export type Decision =
  | { readonly kind: 'ban'; readonly tier: number; readonly durationSeconds: number | null; readonly until: number }
  | {
      readonly kind: 'refused';
      readonly reason: 'allowlist' | 'protected' | 'fuse' | 'limit';
      readonly detail: string;
      readonly fuse?: FuseEvent;
    };

/** Why a network is never banned; an IPv6 network by the IPv4 addresses that it stands for too. */
export function findNeverBanned(
  networks: PrefixTable<NeverBanned>,
  prefix: Prefix,
  scheme: ClientScheme,
): NeverBanned | undefined {
  const ipv4 = findIpv4(prefix, scheme);
  return networks.findOverlap(prefix) ?? (ipv4 && networks.findOverlap(ipv4));
}

/** A client that shows in the log in the place of many. */
export interface FoundProxy extends NeverBanned {
  readonly isPublic: boolean;
}

export class Policy {
  fuse: Fuse;
  /** Bans in force. */
  active = 0;
  /** The client that makes most of all requests for many others. */
  proxy: FoundProxy | undefined;
  private readonly options: BanOptions;
  private readonly scheme: ClientScheme;
  private neverBanned = new PrefixTable<NeverBanned>([]);
  private offenders = new OffenderTable();
  private nextEnd = Number.POSITIVE_INFINITY;

  constructor(options: BanOptions, scheme: ClientScheme) {
    this.options = options;
    this.scheme = scheme;
    this.fuse = new Fuse(options);
  }

  setNeverBanned(networks: readonly NeverBanned[]): void {
    this.neverBanned = new PrefixTable(networks);
  }

  /**
   * A client taken for a proxy is not banned, which would shut out everybody behind it: one in a private network. Anybody can make
   * a public address look like one for as long as that takes, so an operator has to say it.
   */
  setProxy(proxy: ProxyClient | undefined): void {
    if (!proxy) this.proxy = undefined;
    else {
      const percent = Math.round(proxy.share * 100);
      const detail = `a proxy: ${percent} % of all requests come from it, with ${proxy.agents} user agents and more`;
      this.proxy = {
        prefix: clientPrefix(proxy.high, proxy.low, this.scheme),
        kind: 'protected',
        detail,
        isPublic: proxy.isPublic,
      };
    }
  }

  /** No more bans are allowed to be in force. */
  get full(): boolean {
    return this.active >= this.options.max_active;
  }

  find(key: BanKey): Offender | undefined {
    return this.offenders.find(key);
  }

  /** When the last ban of the client, or of a network it is in, ends or ended; 0 without one. */
  lastEnd(high: number, low: number): number {
    const own = this.find({ high, low })?.lastEnd ?? 0;
    if (!this.offenders.hasNetworks) return own;
    return networksOf(high, low, this.scheme).reduce((end, key) => Math.max(end, this.find(key)?.lastEnd ?? 0), own);
  }

  /**
   * Chooses what to do about an anomalous client or network; `clients` is how many the window holds. The fuse protects those who have a
   * `hasHistory` of being served: strangers neither trip it nor are spared by it.
   */
  decide(key: BanKey, second: number, clients: number, hasHistory: boolean): Decision {
    const prefix = banPrefix(key, this.scheme);
    const isProxy = this.proxy !== undefined && !this.proxy.isPublic && prefixesOverlap(this.proxy.prefix, prefix);
    const never = isProxy ? this.proxy : findNeverBanned(this.neverBanned, prefix, this.scheme);
    if (never) return { kind: 'refused', reason: never.kind, detail: never.detail };
    if (this.full) {
      return { kind: 'refused', reason: 'limit', detail: `${this.active} bans are in force already (bans.max_active)` };
    }
    const { admitted, event } = hasHistory ? this.fuse.admit(second, clients) : STRANGER;
    if (!admitted) return { kind: 'refused', reason: 'fuse', detail: 'it has tripped', ...(event && { fuse: event }) };
    const tier = this.nextTier(this.find(key), second);
    const durationMs = durationOf(tier, this.options);
    const until = durationMs === null ? Number.POSITIVE_INFINITY : second + Math.ceil(durationMs / 1000);
    this.set({ ...key, tier, until, lastEnd: until });
    return { kind: 'ban', tier, until, durationSeconds: durationMs === null ? null : durationMs / 1000 };
  }

  /** Records a ban in force (decided here, by an operator, or restored). Tier 0 is an operator's: it is no offence. */
  set(offender: Offender): void {
    const { tier, until } = offender;
    const before = this.find(offender);
    if (before && before.until > 0) this.active--;
    this.offenders.set(tier === 0 ? { ...offender, tier: before?.tier ?? 0 } : offender);
    if (until > 0) this.active++;
    if (until > 0 && until < this.nextEnd) this.nextEnd = until;
  }

  /** Starts over with these bans and past offences; gives those who were banned and are not any more. */
  *restart(offenders: Iterable<Offender>): Generator<Offender> {
    const before = this.offenders;
    this.offenders = new OffenderTable();
    this.active = 0;
    this.nextEnd = Number.POSITIVE_INFINITY;
    this.fuse = new Fuse(this.options);
    for (const offender of offenders) this.set(offender);
    for (const offender of before.all()) {
      if (offender.until > 0 && !this.find(offender)?.until) yield offender;
    }
  }

  /** Whoever is banned, or was and is remembered for it. */
  all(): Generator<Offender> {
    return this.offenders.all();
  }

  /** Moves the ends of all bans, in force or over, by `seconds`; gives whom they are of. */
  *moveEnds(seconds: number): Generator<Offender> {
    for (const before of this.offenders.all()) {
      const until = before.until > 0 ? before.until + seconds : 0;
      const offender = { ...before, until, lastEnd: before.lastEnd + seconds };
      this.offenders.set(offender);
      yield offender;
    }
    this.nextEnd += seconds;
  }

  /** Ends a ban at `second`; false when none was in force. */
  release(key: BanKey, second: number): boolean {
    const offender = this.find(key);
    if (!offender || offender.until === 0) return false;
    this.offenders.set({ ...offender, until: 0, lastEnd: second });
    this.active--;
    return true;
  }

  /** Ends the bans that are over at `second` and forgets offenders whose tier has decayed. */
  expire(second: number): Offender[] {
    if (second < this.nextEnd) return [];
    this.nextEnd = Number.POSITIVE_INFINITY;
    const ended: Offender[] = [];
    for (const offender of this.offenders.all()) {
      const { until, lastEnd } = offender;
      if (until === 0) {
        if (this.nextTier(offender, second) === 1 && lastEnd <= second) this.offenders.delete(offender);
      } else if (until <= second) {
        const over = { ...offender, until: 0, lastEnd: until };
        this.offenders.set(over);
        this.active--;
        ended.push(over);
      } else if (until < this.nextEnd) this.nextEnd = until;
    }
    return ended.sort((a, b) => a.lastEnd - b.lastEnd || a.high - b.high || a.low - b.low);
  }

  private nextTier(offender: Offender | undefined, second: number): number {
    return offender ? tierAfter(offender.tier, (second - offender.lastEnd) * 1000, this.options) : 1;
  }
}

/** The tier of the next ban: one more than the last, less one for every whole decay period without a ban. */
export function tierAfter(tier: number, quietMs: number, { decay }: Pick<BanOptions, 'decay'>): number {
  return Math.max(0, tier - Math.floor(Math.max(0, quietMs) / decay)) + 1;
}

/** How long a ban of this tier lasts, milliseconds; null is permanent. The schedule's last entry repeats. */
export function durationOf(tier: number, { schedule }: Pick<BanOptions, 'schedule'>): number | null {
  return schedule[Math.min(tier, schedule.length) - 1] ?? null;
}
