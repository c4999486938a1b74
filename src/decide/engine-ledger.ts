/** The engine's ledger: who is banned and was, the fuse, who is protected; and what is decided by it (decide.ts). */

import { type ClientScheme, clientPrefix } from '../net/client-key.ts';
import { type BanKey, banPrefix, networksOf } from '../net/client-network.ts';
import type { BanOptions } from '../settings/engine-settings.ts';
import { type Decision, decide, tierAfter } from './decide.ts';
import { Fuse } from './fuse.ts';
import { type NeverBanned, NeverBannedTable } from './never-banned.ts';
import { type Offender, OffenderTable } from './offender-table.ts';
import type { ProxyClient } from './proxy-watch.ts';

/** A client that shows in the log in the place of many. */
export interface FoundProxy extends NeverBanned {
  readonly isPublic: boolean;
}

export class EngineLedger {
  fuse: Fuse;
  /** Bans in force. */
  active = 0;
  /** The client that makes most of all requests for many others. */
  proxy: FoundProxy | undefined;
  private readonly options: BanOptions;
  private readonly scheme: ClientScheme;
  private readonly neverBanned: NeverBannedTable;
  private offenders = new OffenderTable();
  private nextEnd = Number.POSITIVE_INFINITY;

  constructor(options: BanOptions, scheme: ClientScheme) {
    this.options = options;
    this.scheme = scheme;
    this.fuse = new Fuse(options);
    this.neverBanned = new NeverBannedTable(scheme);
  }

  setNeverBanned(networks: readonly NeverBanned[]): void {
    this.neverBanned.set(networks);
  }

  /**
   * A client taken for a proxy is not banned, which would shut out everybody behind it: one in a private network. Anybody can make
   * a public address look like one for as long as that takes, so an operator has to say it.
   */
  setProxy(proxy: ProxyClient | undefined): void {
    if (!proxy) this.proxy = undefined;
    else {
      const { high, low, share, agents, isPublic } = proxy;
      const prefix = clientPrefix(high, low, this.scheme);
      this.proxy = { prefix, kind: 'protected', because: { share, agents }, isPublic };
    }
    this.neverBanned.proxy = this.proxy?.isPublic ? undefined : this.proxy;
  }

  /** No more bans are allowed to be in force. */
  get full(): boolean {
    return this.active >= this.options.max_active;
  }

  /** Why the client or network is never banned. */
  findProtection(key: BanKey): NeverBanned | undefined {
    return this.neverBanned.find(banPrefix(key, this.scheme));
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

  /** Decides about an anomalous client or network, and takes note of the decision. */
  decide(key: BanKey, second: number, clients: number, hasHistory: boolean, isMild = false): Decision {
    const { fuse, active } = this;
    const before = this.find(key);
    const known = {
      neverBanned: this.findProtection(key),
      active,
      // Who is banned is not judged.
      ban: undefined,
      offence: before && { tier: before.tier, lastMs: before.lastEnd * 1000 },
      fuse,
    };
    const decision = decide(known, { source: 'policy', hasHistory, isMild, clients }, second * 1000, this.options);
    if (decision.kind === 'refused' && decision.fuse) fuse.trip(second, decision.fuse);
    if (decision.kind !== 'ban') return decision;
    if (hasHistory) fuse.count(second);
    const { tier, untilMs } = decision;
    const until = untilMs === null ? Number.POSITIVE_INFINITY : Math.ceil(untilMs / 1000);
    this.set({ ...key, tier, until, lastEnd: until });
    return decision;
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

  /** Anyone who is banned, or was and is remembered for it. */
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
