/** What the firewall answered, as rows and messages: a ban is news once it stands, or cannot be set. */
import type { EnforcementResult } from '../../enforce/outcome.ts';
import type { AuditDraft, ResultNumbers } from '../../model/audit.ts';
import type { Notification } from '../../model/notification.ts';
import type { Failure } from '../../model/reconcile.ts';
import type { BanEvent } from '../../model/told-event.ts';
import { PORTION_ROWS } from '../../record/row/row.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';

export interface BanResultsOptions {
  readonly trail: AuditTrail;
  readonly now: () => number;
  readonly notify: (notifications: readonly Notification[]) => void;
  readonly record: (drafts: readonly AuditDraft[]) => void;
}

export class BanResults {
  private readonly options: BanResultsOptions;
  /** Bans that people have not been told of, because the firewall has not answered. */
  private readonly unreported = new Map<string, BanEvent>();
  /** Why the firewall does not do what it should, by target. */
  private readonly failures = new Map<string, string>();

  constructor(options: BanResultsOptions) {
    this.options = options;
  }

  /** A ban whose answer is news. */
  expect(event: BanEvent): void {
    this.unreported.set(event.ip, event);
  }

  /** A client's ban is lifted. True when its beginning was no news yet. */
  forget(client: string): boolean {
    this.failures.delete(client);
    return this.unreported.delete(client);
  }

  /** Why the firewall does not do what it should about a target; undefined when it does, or has not answered. */
  findFailure(target: string): string | undefined {
    return this.failures.get(target);
  }

  /** Targets that it should ban or lift, and could not. */
  failing(): Iterable<string> {
    return this.failures.keys();
  }

  /** Resolves when all of it is recorded. */
  async take({ confirmed, failed, released }: EnforcementResult): Promise<void> {
    const count = Math.max(confirmed.length, failed.length, released.length);
    for (let at = 0; at < count; at += PORTION_ROWS) {
      if (at > 0) await this.options.trail.takeTurns();
      const some = <T>(all: readonly T[]) => all.slice(at, at + PORTION_ROWS);
      this.takeSome({ confirmed: some(confirmed), failed: some(failed), released: some(released) });
    }
  }

  private takeSome(result: EnforcementResult): void {
    const { trail, now } = this.options;
    const nowMs = now();
    const drafts: AuditDraft[] = [];
    const told: Notification[] = [];
    for (const target of result.confirmed) {
      this.failures.delete(target);
      if (trail.isAwaited(target, nowMs)) drafts.push(resultDraft('ban_result', target, nowMs));
      this.reportBan(target, true, told);
    }
    for (const { target, code, message } of result.failed) {
      if (this.failures.get(target) === message) continue;
      this.failures.set(target, message);
      const ban = trail.findActiveBan(target, nowMs);
      if (ban) drafts.push(resultDraft('ban_result', target, nowMs, ban.enforced, { code, message }));
      this.reportBan(target, false, told);
    }
    for (const target of result.released) {
      this.failures.delete(target);
      // A ban that stands again has no end to confirm.
      if (trail.findActiveBan(target, nowMs)?.enforced) continue;
      drafts.push(resultDraft('unban_result', target, nowMs));
    }
    if (drafts.length > 0) this.options.record(drafts);
    this.options.notify(told);
  }

  private reportBan(target: string, confirmed: boolean, told: Notification[]): void {
    const event = this.unreported.get(target);
    if (!event) return;
    this.unreported.delete(target);
    told.push({ kind: 'ban', event, enforced: true, confirmed });
  }
}

const OK: ResultNumbers = { result: 'ok' };

function resultDraft(
  action: 'ban_result' | 'unban_result',
  client: string,
  timeMs: number,
  enforced = true,
  failure?: Failure<string>,
): AuditDraft {
  const detail = failure ? `failed: ${failure.message}` : 'ok';
  const numbers: ResultNumbers = failure ? { result: 'failed', code: failure.code } : OK;
  return {
    timeMs,
    actor: 'system',
    action,
    client,
    condition: null,
    numbers,
    tier: null,
    durationSeconds: null,
    enforced,
    detail,
  };
}
