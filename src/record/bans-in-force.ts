/** What the rows of the trail come to, as the daemon asks for it: from memory, without a look at the disk. */
import type { ActiveBan, AuditAction, Offence } from '../model/audit.ts';
import { EndQueue } from './end-queue.ts';
import type { Allowed, Ban, Change, Projection } from './projection.ts';
import { StoredBan } from './stored-ban.ts';

/** Ends that are out of date may be this many before the queue is made anew. */
const STALE_ENDS_MAX = 10_000;

export abstract class BansInForce {
  protected projection: Projection;
  readonly #ends = new EndQueue();

  constructor(projection: Projection) {
    this.projection = projection;
    this.#queueEnds();
  }

  /** The numbers of the row that decided a ban, from memory or disk. */
  protected abstract findNumbers(ban: Ban): ActiveBan['numbers'];

  protected replace(projection: Projection): void {
    this.projection = projection;
    this.#queueEnds();
  }

  /** To be called with every change of the projection. */
  protected noteEnds(changes: readonly Change[]): void {
    for (const { kind, key, value } of changes) {
      if (kind === 'ban' && value?.untilMs != null) this.#ends.add(key, value.untilMs);
    }
    if (this.#ends.size > 2 * this.projection.bans.size + STALE_ENDS_MAX) this.#queueEnds();
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
    for (const ban of this.projection.bans.values()) if (ban.untilMs === null || ban.untilMs > nowMs) yield ban;
  }

  /** Clients of enforced bans in force at `nowMs` with their ends, for the firewall. */
  enforcedEnds(nowMs: number): Generator<{ readonly target: string; readonly untilMs: number | null }> {
    return this.projection.bans.enforced(nowMs);
  }

  /** Clients of all bans in force at `nowMs`, would-be bans included. */
  *activeClients(nowMs: number): Generator<string> {
    for (const { client } of this.eachActive(nowMs)) yield client;
  }

  /** Bans in force at `nowMs`: those that are enforced, and observe mode's. */
  countActive(nowMs: number): { readonly enforced: number; readonly observed: number } {
    const counts = { enforced: 0, observed: 0 };
    this.projection.bans.forEachEnd((_row, untilMs, enforced) => {
      if (untilMs > nowMs) counts[enforced ? 'enforced' : 'observed']++;
    });
    return counts;
  }

  /** The ban of exactly this client or prefix, if in force at `nowMs`. */
  findActiveBan(client: string, nowMs: number): ActiveBan | undefined {
    const ban = this.projection.bans.get(client);
    return ban && (ban.untilMs === null || ban.untilMs > nowMs) ? this.#withNumbers(ban) : undefined;
  }

  /** Bans whose time is up at `nowMs` and that no row has ended yet. Costs nothing while none is due. */
  dueBans(nowMs: number): ActiveBan[] {
    const due = new Map<string, Ban>();
    for (let client = this.#ends.take(nowMs); client !== undefined; client = this.#ends.take(nowMs)) {
      const ban = this.projection.bans.get(client);
      if (ban && ban.untilMs !== null && ban.untilMs <= nowMs) due.set(client, ban);
    }
    // Until a row ends them they are due.
    for (const { client, untilMs } of due.values()) this.#ends.add(client, untilMs ?? nowMs);
    return [...due.values()].map((ban) => this.#withNumbers(ban));
  }

  /** How often clients were banned by policy: real bans, or observe mode's would-be bans. */
  offences(enforced: boolean): Offence[] {
    return [...this.eachOffence(enforced)];
  }

  /** The same one by one. */
  eachOffence(enforced: boolean): Generator<Offence> {
    const { offences } = this.projection;
    return (enforced ? offences.enforced : offences.observed).values();
  }

  /** The operators' exceptions in force. */
  allowed(): Allowed[] {
    return [...this.projection.allowed.values()];
  }

  /** Rows of each action ever recorded, pruned ones included. */
  totals(enforced: boolean): Readonly<Partial<Record<AuditAction, number>>> {
    const { totals } = this.projection;
    return Object.fromEntries(enforced ? totals.enforced : totals.observed);
  }

  #queueEnds(): void {
    this.#ends.clear();
    const { bans } = this.projection;
    bans.forEachEnd((row, untilMs) => {
      if (untilMs !== Number.POSITIVE_INFINITY) this.#ends.add(bans.clientOf(row), untilMs);
    });
  }

  #withNumbers(ban: Ban): ActiveBan {
    return new StoredBan(ban, this.#findNumbers);
  }

  /** One function for all bans. */
  readonly #findNumbers = (ban: Ban) => this.findNumbers(ban);
}
