/** What the rows of the trail come to, as the daemon asks for it: from memory, without a look at the disk. */
import type { ActiveBan, AuditEntry, Offence } from '../../model/audit.ts';
import { isInForce } from '../../model/reconcile.ts';
import type { BanCounts } from './ban-table.ts';
import type { Allowed, Ban, Change, Projection } from './projection.ts';
import { StoredBan } from './stored-ban.ts';
import { UnwrittenBans } from './unwritten-bans.ts';

export abstract class BansInForce {
  protected projection: Projection;
  /** What the disk has where newer rows are under way: the firewall follows that. */
  protected readonly unwritten = new UnwrittenBans();

  constructor(projection: Projection) {
    this.projection = projection;
  }

  /** The numbers of the row that decided a ban, from memory or disk. */
  protected abstract findNumbers(ban: Ban): ActiveBan['numbers'];

  /** Takes in the next row and returns what it changed. What is recalled was in force before its row. */
  protected apply(entry: AuditEntry, isRecalled: boolean): readonly Change[] {
    const { bans } = this.projection;
    return this.projection.apply(entry, ({ kind, key }) => {
      if (kind === 'ban' && !isRecalled) this.unwritten.note(key, entry.id, bans.get(key));
    });
  }

  /** Bans in force at `nowMs`, from memory; `numbers` is fetched from disk when it is looked at. */
  activeBans(nowMs: number): ActiveBan[] {
    return [...this.eachActive(nowMs)].map((ban) => this.#withNumbers(ban));
  }

  /** The newest of them, newest first. */
  newestBans(limit: number, nowMs: number): ActiveBan[] {
    return this.projection.bans.newest(limit, nowMs).map((ban) => this.#withNumbers(ban));
  }

  /** The same one by one, without their numbers. */
  *eachActive(nowMs: number): Generator<Ban> {
    for (const ban of this.projection.bans.values()) if (isInForce(ban.untilMs, nowMs)) yield ban;
  }

  /** True while a row about a client's ban is under way. */
  isUnderWay(client: string): boolean {
    return this.unwritten.has(client);
  }

  /**
   * Clients of enforced bans in force at `nowMs` with their ends, as the rows on disk have it, or those that the disk
   * refused: what the firewall should hold.
   */
  *enforcedEnds(nowMs: number): Generator<{ readonly target: string; readonly untilMs: number | null }> {
    const { unwritten } = this;
    for (const ban of this.projection.bans.enforced(nowMs)) if (!unwritten.has(ban.target)) yield ban;
    for (const { client: target, untilMs, enforced } of unwritten.befores())
      if (enforced && isInForce(untilMs, nowMs)) yield { target, untilMs };
  }

  /** The end of the one that the firewall should hold for exactly this client; null is permanent, undefined for none. */
  findEnforcedEnd(client: string, nowMs: number): number | null | undefined {
    const { unwritten } = this;
    if (!unwritten.has(client)) return this.projection.bans.enforcedEnd(client, nowMs);
    const ban = unwritten.before(client);
    return ban?.enforced && isInForce(ban.untilMs, nowMs) ? ban.untilMs : undefined;
  }

  /** Clients of all bans in force at `nowMs`, would-be bans included. */
  *activeClients(nowMs: number): Generator<string> {
    for (const { client } of this.eachActive(nowMs)) yield client;
  }

  /** Bans in force at `nowMs`. */
  countActive(nowMs: number): BanCounts {
    return this.projection.bans.countActive(nowMs);
  }

  /** The ban of exactly this client or prefix, if in force at `nowMs`. */
  findActiveBan(client: string, nowMs: number): ActiveBan | undefined {
    const ban = this.projection.bans.get(client);
    return ban && isInForce(ban.untilMs, nowMs) ? this.#withNumbers(ban) : undefined;
  }

  /** Those in force among these clients, one by one, as they are when they are asked for. */
  *activeBansOf(clients: Iterable<string>, nowMs: number): Generator<ActiveBan> {
    for (const client of clients) {
      const ban = this.findActiveBan(client, nowMs);
      if (ban) yield ban;
    }
  }

  /** True of an enforced ban in force at `nowMs` that the firewall was not seen to hold. */
  isAwaited(client: string, nowMs: number): boolean {
    return this.projection.bans.isAwaited(client, nowMs);
  }

  /** True while no row has ended or replaced this ban, though its time may be up. */
  stands({ client, auditId }: Pick<ActiveBan, 'client' | 'auditId'>): boolean {
    return this.projection.bans.get(client)?.auditId === auditId;
  }

  /** Bans whose time is up at `nowMs` and that no row has ended yet. Costs nothing while none is due. */
  dueBans(nowMs: number): ActiveBan[] {
    return this.projection.bans.due(nowMs).map((ban) => this.#withNumbers(ban));
  }

  /** How often clients were banned by policy: real bans, or observe mode's would-be bans. */
  eachOffence(enforced: boolean): Generator<Offence> {
    const { offences } = this.projection;
    return (enforced ? offences.enforced : offences.observed).values();
  }

  /** The operators' exceptions in force. */
  allowed(): Allowed[] {
    return [...this.projection.allowed.values()];
  }

  #withNumbers(ban: Ban): ActiveBan {
    return new StoredBan(ban, this.#findNumbers);
  }

  /** One function for all bans. */
  readonly #findNumbers = (ban: Ban) => this.findNumbers(ban);
}
