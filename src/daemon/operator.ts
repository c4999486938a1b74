/** Carries out what people ask for at the command line: ban, unban, allow. */

import { type Config, isHostName } from '../config/schema.ts';
import type { AllowRequest, BanRequest, TargetResult, UnbanRequest } from '../control/protocol.ts';
import type { ActiveBan, AuditDraft, AuditEntry } from '../core/audit.ts';
import { findWholeClient } from '../core/net/client-key.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../core/net/prefix.ts';
import { PrefixTable } from '../core/net/prefix-table.ts';
import type { AuditTrail } from '../record/audit-trail.ts';
import type { Pipeline } from '../workers/pipeline.ts';
import { type AcceptedBan, judgeOrders, targetResult as result } from './ban-orders.ts';
import type { Bans, BanTrail } from './bans.ts';
import type { Protection } from './protection.ts';

const NOT_RECORDED = 'could not be recorded: too many audit rows wait for the disk, see zban status';

/** A row that the full backlog had no room for: nothing follows from it. */
const isLost = ({ id }: Pick<AuditEntry, 'id'>) => id === 0;

export interface OperatorOptions {
  readonly config: Config;
  readonly bans: Bans;
  readonly trail: BanTrail & Pick<AuditTrail, 'allowed' | 'isDurable'>;
  readonly protection: Pick<Protection, 'refresh' | 'find'>;
  readonly pipeline: Pick<Pipeline, 'send'>;
  readonly now: () => number;
  /** Brings the firewall in line; resolves when it was tried. */
  readonly reconcile: () => Promise<void>;
}

export class Operator {
  private readonly options: OperatorOptions;
  private readonly enforce: boolean;
  private readonly ipv6Bits: number;

  constructor(options: OperatorOptions) {
    this.options = options;
    this.enforce = options.config.mode === 'enforce';
    this.ipv6Bits = options.config.detection.ipv6_prefix;
  }

  /** However many are asked for: one transaction, one message to the engine, one reconcile. */
  async ban(request: BanRequest): Promise<readonly TargetResult[]> {
    const { bans, now, reconcile } = this.options;
    const { accepted: judged, refused } = judgeOrders(request, {
      ...this.options,
      enforce: this.enforce,
      timeMs: now(),
    });
    const accepted = new Map(judged);
    const results = new Map(refused.map((refusal) => [refusal.target, refusal]));
    if (accepted.size > 0) {
      const entries = bans.order([...accepted.values()].map(({ draft }) => draft));
      for (const { client } of entries.filter(isLost)) {
        accepted.delete(client ?? '');
        results.set(client ?? '', result(client ?? '', 'failed', NOT_RECORDED));
      }
      await this.tellEngine([...accepted.values()]);
      if (this.enforce) await reconcile();
    }
    for (const name of accepted.keys()) results.set(name, this.banResult(name));
    return this.withDurability([...results.values()]);
  }

  /** Lifts the ban of exactly this network, else those that cover it, else those inside it. */
  async unban(request: UnbanRequest): Promise<readonly TargetResult[]> {
    const { bans, trail, now, reconcile } = this.options;
    const timeMs = now();
    const found = new Map<string, ActiveBan>();
    const results: TargetResult[] = [];
    let related: PrefixTable<PlacedBan> | undefined;
    for (const text of request.targets) {
      const prefix = parsePrefix(text);
      if (!prefix) {
        results.push(result(text, 'invalid', `'${text}' is no address and no network`));
        continue;
      }
      const exact = trail.findActiveBan(formatPrefix(prefix), timeMs);
      related ??= exact ? undefined : new PrefixTable(placeBans(trail.activeBans(timeMs)));
      const matches = exact ? [exact] : findRelated(related, prefix);
      for (const ban of matches) found.set(ban.client, ban);
      if (matches.length === 0) results.push(result(text, 'not_found', `${formatPrefix(prefix)} is not banned`));
    }
    const lifted = request.all ? trail.activeBans(timeMs) : [...found.values()];
    if (lifted.length > 0) await this.lift(lifted, `operator:${request.operator}`, request.reason);
    await reconcile();
    for (const ban of lifted) {
      const isLifted = trail.findActiveBan(ban.client, now())?.auditId !== ban.auditId;
      const failure = isLifted ? bans.findFailure(ban.client) : NOT_RECORDED;
      results.push(failure ? result(ban.client, 'failed', failure) : result(ban.client, 'done', 'unbanned'));
    }
    return this.withDurability(results);
  }

  async allow(request: AllowRequest): Promise<readonly TargetResult[]> {
    const { trail, protection, bans, now, reconcile } = this.options;
    const known = new Set(trail.allowed().map(({ entry }) => entry));
    const results: TargetResult[] = [];
    const drafts: AuditDraft[] = [];
    for (const text of request.targets) {
      const prefix = parsePrefix(text);
      const entry = prefix ? formatPrefix(prefix) : text.toLowerCase().replace(/\.$/, '');
      if (!prefix && !isHostName(entry)) {
        results.push(result(text, 'invalid', `'${text}' is no address, no network and no host name`));
      } else if (request.remove !== known.has(entry)) {
        results.push(
          result(
            entry,
            request.remove ? 'not_found' : 'unchanged',
            request.remove ? 'was not allowed by a person' : 'is allowed already',
          ),
        );
      } else {
        drafts.push(allowDraft(entry, request, now()));
        results.push(result(entry, 'done', request.remove ? 'no longer allowed' : 'allowed'));
      }
    }
    if (drafts.length === 0) return results;
    const lost = bans.record(drafts, [], []).filter(isLost);
    await protection.refresh();
    if (!request.remove) await reconcile();
    const failed = new Map(lost.map(({ client }) => [client, result(client ?? '', 'failed', NOT_RECORDED)]));
    return this.withDurability(results.map((each) => failed.get(each.target) ?? each));
  }

  /** Lifts the bans that protection has come to cover (an operator logged in from there, an entry was allowed). */
  async liftProtected(): Promise<void> {
    const { trail, protection, now, reconcile } = this.options;
    const covered = placeBans(trail.activeBans(now())).flatMap(({ prefix, ban }) => {
      const never = protection.find(prefix);
      return never ? [{ ban, detail: never.detail }] : [];
    });
    if (covered.length === 0) return;
    for (const [detail, bans] of Map.groupBy(covered, (each) => each.detail)) {
      const lifted = bans.map(({ ban }) => ban);
      await this.lift(lifted, 'system', `never banned: ${detail}`);
    }
    await reconcile();
  }

  private async lift(bans: readonly ActiveBan[], actor: AuditDraft['actor'], reason: string): Promise<void> {
    this.options.bans.lift(bans, actor, reason);
    const clients = placeBans(bans).flatMap(({ prefix }) => findWholeClient(prefix, this.ipv6Bits) ?? []);
    const second = Math.ceil(this.options.now() / 1000);
    if (clients.length > 0) await this.options.pipeline.send({ kind: 'release', clients, second });
  }

  private banResult(client: string): TargetResult {
    const { trail, bans, now } = this.options;
    if (!this.enforce) return result(client, 'done', 'recorded; nothing is enforced in observe mode');
    if (trail.findActiveBan(client, now())?.confirmed) return result(client, 'done', 'banned');
    return result(
      client,
      'failed',
      bans.findFailure(client) ?? 'the firewall has not confirmed it yet; zban keeps trying',
    );
  }

  /** What was done is in force; while rows wait for the disk, only the daemon's memory has it. */
  private withDurability(results: readonly TargetResult[]): readonly TargetResult[] {
    if (this.options.trail.isDurable) return results;
    return results.map((each) => (each.code === 'done' ? { ...each, durable: false } : each));
  }

  private async tellEngine(bans: readonly AcceptedBan[]): Promise<void> {
    const offenders = bans.flatMap(({ prefix, untilMs, draft }) => {
      const key = findWholeClient(prefix, this.ipv6Bits);
      const until = untilMs === null ? Number.POSITIVE_INFINITY : Math.ceil(untilMs / 1000);
      return key ? [{ ...key, tier: draft.tier ?? 0, until, lastEnd: until }] : [];
    });
    if (offenders.length > 0) await this.options.pipeline.send({ kind: 'set_bans', offenders });
  }
}

function allowDraft(entry: string, { operator, reason, remove }: AllowRequest, timeMs: number): AuditDraft {
  return {
    timeMs,
    actor: `operator:${operator}`,
    action: remove ? 'disallow' : 'allow',
    client: entry,
    condition: null,
    numbers: null,
    tier: null,
    durationSeconds: null,
    enforced: true,
    detail: reason,
  };
}

interface PlacedBan {
  readonly prefix: Prefix;
  readonly ban: ActiveBan;
}

function placeBans(bans: readonly ActiveBan[]): PlacedBan[] {
  return bans.flatMap((ban) => {
    const prefix = parsePrefix(ban.client);
    return prefix ? [{ prefix, ban }] : [];
  });
}

function findRelated(bans: PrefixTable<PlacedBan> | undefined, prefix: Prefix): readonly ActiveBan[] {
  const containing = bans?.containing(prefix) ?? [];
  const related = containing.length > 0 ? containing : [...(bans?.within(prefix) ?? [])];
  return related.map(({ ban }) => ban);
}
