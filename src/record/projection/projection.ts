/** What follows from the audit rows: bans in force, offences, allowed entries. One rule for writing, pruning and verifying. */
import assert from 'node:assert/strict';
import type { ActiveBan, Actor, AuditEntry, EntryOf, Offence } from '../../model/audit.ts';
import { isInForce } from '../../model/reconcile.ts';
import { BanTable } from './ban-table.ts';
import { ClientRows, OffenceTable } from './client-table.ts';

/** An active ban without its numbers: those stay on disk, so that a million bans fit in memory. */
export type Ban = Omit<ActiveBan, 'numbers'>;

/** An operator's exception in force. */
export interface Allowed {
  /** Canonical address or prefix, or a host name. */
  readonly entry: string;
  readonly sinceMs: number;
  readonly actor: Actor;
  readonly reason: string;
  /** Id of the audit row that decided it. */
  readonly auditId: number;
}

/** The new value of one key; undefined removes it. */
export type Change =
  | { readonly kind: 'ban'; readonly key: string; readonly value: Ban | undefined }
  /** Whether the firewall holds the ban, which stays as it is otherwise. */
  | { readonly kind: 'held'; readonly key: string; readonly value: boolean }
  | { readonly kind: 'offence'; readonly key: string; readonly enforced: boolean; readonly value: Offence | undefined }
  | { readonly kind: 'allowed'; readonly key: string; readonly value: Allowed | undefined }
  /** The ends of all bans recorded after a row, whose id is the key, move by so many milliseconds. */
  | { readonly kind: 'ends'; readonly key: number; readonly value: number };

type Mode = 'enforced' | 'observed';
const modeOf = (enforced: boolean): Mode => (enforced ? 'enforced' : 'observed');

/** A ban in force is would-be, waiting for the firewall, or held by it: only what is enforced is ever confirmed. */
function assertOneState({ kind, value }: Change): void {
  if (kind === 'ban' && value)
    assert.ok(value.enforced || !value.confirmed, `${value.client} is held without being enforced`);
}

export class Projection {
  readonly bans: BanTable;
  readonly offences: Readonly<Record<Mode, OffenceTable>>;
  readonly allowed = new Map<string, Allowed>();

  constructor() {
    const rows = new ClientRows();
    this.bans = new BanTable(rows);
    this.offences = { enforced: new OffenceTable(rows), observed: new OffenceTable(rows) };
  }

  /** Of its own maps; what is in them never changes. */
  copy(): Projection {
    const copy = new Projection();
    for (const [key, value] of this.bans) copy.bans.set(key, value);
    for (const [key, value] of this.allowed) copy.allowed.set(key, value);
    for (const mode of ['enforced', 'observed'] as const) {
      for (const [key, value] of this.offences[mode]) copy.offences[mode].set(key, value);
    }
    return copy;
  }

  /** Sets or removes one key. */
  set(change: Change): void {
    if (change.kind === 'ends') {
      this.bans.moveEnds(change.key, change.value);
      return;
    }
    if (change.kind === 'held') {
      this.bans.confirm(change.key, change.value);
      return;
    }
    const { key, value } = change;
    const map = (
      change.kind === 'ban'
        ? this.bans
        : change.kind === 'allowed'
          ? this.allowed
          : this.offences[modeOf(change.enforced)]
    ) as Pick<Map<string, unknown>, 'set' | 'delete'>;
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }

  /** Takes in the next row and returns what it changed; `onChange` hears of each change before it is made. */
  apply(entry: AuditEntry, onChange?: (change: Change) => void): readonly Change[] {
    const changes = this.changesOf(entry);
    for (const change of changes) {
      assertOneState(change);
      onChange?.(change);
      this.set(change);
    }
    return changes;
  }

  /** What the next row would change. */
  changesOf(entry: AuditEntry): readonly Change[] {
    switch (entry.action) {
      case 'prune':
        return this.#forget(entry.numbers.offences_before_ms);
      case 'ban':
        return this.#ban(entry);
      case 'ban_result':
        return this.#confirm(entry);
      case 'unban':
        return this.#unban(entry);
      case 'allow': {
        const { id, timeMs, actor, detail, client } = entry;
        const value = { entry: client, sinceMs: timeMs, actor, reason: detail, auditId: id };
        return [{ kind: 'allowed', key: client, value }];
      }
      case 'trouble': {
        const { numbers } = entry;
        if (!numbers || !('clock_moved_ms' in numbers)) return [];
        return [{ kind: 'ends', key: numbers.after_id, value: numbers.clock_moved_ms }];
      }
      case 'disallow':
        return [{ kind: 'allowed', key: entry.client, value: undefined }];
      default:
        return [];
    }
  }

  #ban(entry: EntryOf<'ban'>): Change[] {
    const { id, timeMs, actor, client, condition, enforced, detail, durationSeconds } = entry;
    const tier = entry.tier ?? 0;
    const untilMs = durationSeconds === null ? null : Math.round(timeMs + durationSeconds * 1000);
    const changes: Change[] = [];
    const before = this.bans.get(client);
    // A would-be ban must not take a real one out of force.
    const shadowed = before?.enforced && !enforced && isInForce(before.untilMs, timeMs);
    if (!shadowed) {
      const value: Ban = {
        client,
        condition,
        tier,
        sinceMs: timeMs,
        untilMs,
        enforced,
        actor,
        reason: detail,
        auditId: id,
        confirmed: false,
      };
      changes.push({ kind: 'ban', key: client, value });
    }
    // Policy's bans are offences, and those that came from another host with their tier. An operator's own is none, but no tier
    // decays while it lasts.
    const offence = tier > 0 ? { client, tier } : this.offences[modeOf(enforced)].get(client);
    if (offence) {
      const value = { ...offence, lastMs: untilMs ?? timeMs };
      changes.push({ kind: 'offence', key: client, enforced, value });
    }
    return changes;
  }

  #confirm({ client, numbers, enforced }: EntryOf<'ban_result'>): Change[] {
    const ban = this.bans.get(client);
    const confirmed = numbers.result === 'ok';
    if (!ban?.enforced || !enforced || ban.confirmed === confirmed) return [];
    return [{ kind: 'held', key: client, value: confirmed }];
  }

  #unban({ client, timeMs }: EntryOf<'unban'>): Change[] {
    const ban = this.bans.get(client);
    if (ban === undefined) return [];
    const changes: Change[] = [{ kind: 'ban', key: client, value: undefined }];
    const offence = this.offences[modeOf(ban.enforced)].get(client);
    if (offence !== undefined) {
      // Recorded late after a stop, the ban ended when it was due all the same.
      const lastMs = Math.min(timeMs, ban.untilMs ?? timeMs);
      changes.push({ kind: 'offence', key: client, enforced: ban.enforced, value: { ...offence, lastMs } });
    }
    return changes;
  }

  #forget(beforeMs: number): Change[] {
    const changes: Change[] = [];
    for (const mode of ['enforced', 'observed'] as const) {
      for (const { client, lastMs } of this.offences[mode].values()) {
        if (!(lastMs < beforeMs) || this.bans.has(client)) continue;
        changes.push({ kind: 'offence', key: client, enforced: mode === 'enforced', value: undefined });
      }
    }
    return changes;
  }
}
