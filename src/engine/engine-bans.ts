/** The bans of a running engine: keeps what the ledger knows of offenders and what the clients' slots say in step. */
import type { Offender } from '../decide/offender-table.ts';
import type { UnbanEvent } from '../model/event.ts';
import { formatSecond } from '../model/time.ts';
import type { ClientScheme } from '../net/client-key.ts';
import { type BanKey, formatBanKey, isWithin } from '../net/client-network.ts';
import { PERMANENT } from '../traffic/clients.ts';
import { GAP_SECONDS_MAX } from '../traffic/line-order.ts';
import { BannedTraffic, type Unstopped } from './banned-traffic.ts';
import type { Engine } from './engine.ts';

type BanParts = Pick<Engine, 'ledger' | 'clients' | 'window' | 'points' | 'networks'>;

export class EngineBans {
  /** Requests of clients that are shut out. */
  readonly traffic = new BannedTraffic();
  private readonly parts: BanParts;
  /** Slots that were refused a ban: judged again when what refused them changes. */
  private readonly refused = new Set<number>();

  constructor(parts: BanParts) {
    this.parts = parts;
  }

  /** A client got a slot: nothing of anyone who had it before counts, nor what it did before the end of its last ban. */
  begin(slot: number, high: number, low: number): void {
    this.refused.delete(slot);
    this.traffic.forget(slot);
    this.parts.points?.reset(slot);
    this.parts.clients.ban(slot, this.lastEnd(high, low));
  }

  /** Shuts the client, or every client of the network, out until epoch second `until`. */
  shutOut(key: BanKey, until: number): void {
    for (const slot of this.slotsOf(key)) {
      const own = key.bits === undefined ? 0 : this.parts.clients.bannedUntil(slot);
      this.shutOutSlot(slot, Math.max(own, until));
    }
  }

  /** Notes a ban decided elsewhere; `until` in epoch seconds, Infinity is permanent, 0 a past offence. */
  set(offender: Offender): void {
    this.parts.ledger.set(offender);
    this.shutOut(offender, offender.until);
  }

  /**
   * Lifts a ban at epoch second `second` of the wall clock. What the client did before does not count, so that it is not
   * banned again for the same requests: neither what is counted, nor lines from then that are read later. A log whose
   * clock is wrong must not protect the client for ever: that holds for at most GAP_SECONDS_MAX of the log's time.
   */
  release(key: BanKey, second: number): boolean {
    const { ledger, window } = this.parts;
    const { full } = ledger;
    const { newest } = window;
    const until = newest === 0 ? second : Math.max(newest, Math.min(second, newest + GAP_SECONDS_MAX));
    const released = ledger.release(key, until);
    this.acquit(key, until);
    if (full && !ledger.full) this.judgeRefusedAgain();
    return released;
  }

  /** Ends the bans that are over at `now`. */
  expire(now: number, scheme: ClientScheme, emit: (event: UnbanEvent) => void): void {
    const { ledger, clients } = this.parts;
    const { full } = ledger;
    for (const offender of ledger.expire(now)) {
      for (const slot of this.slotsOf(offender)) {
        // A ban may be shorter than the time for which a client stays flagged.
        clients.flag(slot, 0);
        this.traffic.forget(slot);
      }
      const ip = formatBanKey(offender, scheme);
      emit({ event: 'unban', time: formatSecond(now), ip, tier: offender.tier, reason: 'expired' });
    }
    if (full && !ledger.full) this.judgeRefusedAgain();
  }

  /**
   * Puts `offenders` in the place of all bans and past offences; anyone who is released by that has a clean slate. Lines that
   * were not read yet count, late ones too: nobody has judged them.
   */
  replace(offenders: Iterable<Offender>): void {
    const { ledger } = this.parts;
    for (const offender of ledger.restart(offenders)) this.acquit(offender, ledger.find(offender)?.lastEnd ?? 0);
    for (const offender of ledger.all()) if (offender.until > 0) this.shutOut(offender, offender.until);
    // Nobody was told of those refused until now.
    this.judgeRefusedAgain();
    this.traffic.clear();
  }

  /** The ends of all bans, in force or over, are `seconds` later than they were thought to be on the engine's clock. */
  moveEnds(seconds: number): void {
    const { ledger, clients } = this.parts;
    for (const offender of ledger.moveEnds(seconds)) {
      for (const slot of this.slotsOf(offender))
        clients.ban(slot, Math.max(0, this.lastEnd(clients.high(slot), clients.low(slot))));
    }
  }

  /** Banned clients whose requests keep coming, up to `max`. */
  unstopped(max: number): Unstopped[] {
    const { clients } = this.parts;
    return [...this.traffic.unstopped(max)].map(({ slot, ...numbers }) => ({
      high: clients.high(slot),
      low: clients.low(slot),
      ...numbers,
    }));
  }

  refuse(slot: number): void {
    this.refused.add(slot);
  }

  /** What may never be banned has changed, or banning was resumed: the clients refused so far are judged anew. */
  judgeRefusedAgain(): void {
    for (const slot of this.refused) this.parts.clients.flag(slot, 0);
    this.refused.clear();
    this.parts.networks?.judgeRefusedAgain();
  }

  /** What was counted of the clients does not count, nor do lines from before `until` that are read later. */
  private acquit(key: BanKey, until: number): void {
    const { clients } = this.parts;
    for (const slot of this.slotsOf(key)) {
      clients.flag(slot, 0);
      const own = key.bits === undefined ? 0 : this.lastEnd(clients.high(slot), clients.low(slot));
      this.shutOutSlot(slot, Math.max(own, until));
    }
  }

  /** When the last ban that covers the client ends or ended, as its slot says it; 0 without one. */
  private lastEnd(high: number, low: number): number {
    return Math.min(this.parts.ledger.lastEnd(high, low), PERMANENT);
  }

  /** The client's slot, if it has one, or those of all the network's clients. */
  private *slotsOf({ high, low, bits }: BanKey): Generator<number> {
    const { clients } = this.parts;
    if (bits === undefined) {
      const slot = clients.find(high, low);
      if (slot >= 0) yield slot;
      return;
    }
    const network = { high, low, bits };
    for (let slot = 0; slot < clients.size; slot++) {
      if (isWithin(network, clients.high(slot), clients.low(slot))) yield slot;
    }
  }

  private shutOutSlot(slot: number, until: number): void {
    this.traffic.forget(slot);
    const { clients, points } = this.parts;
    clients.ban(slot, Math.min(until, PERMANENT));
    clients.forget(slot);
    points?.reset(slot);
  }
}
