/** Carries out what people ask for at the command line: ban, unban, allow. */

import { type Config, isHostName } from '../config/schema.ts';
import type { AllowRequest, BanRequest, TargetResult, UnbanRequest } from '../control/protocol.ts';
import type { ActiveBan, AuditDraft } from '../core/audit.ts';
import { findWholeClient } from '../core/net/client-key.ts';
import { formatPrefix, type Prefix, parsePrefix, prefixContains } from '../core/net/prefix.ts';
import type { AuditTrail } from '../record/audit-trail.ts';
import type { Pipeline } from '../workers/pipeline.ts';
import type { Bans, BanTrail } from './bans.ts';
import type { Protection } from './protection.ts';

export interface OperatorOptions {
  readonly config: Config;
  readonly bans: Bans;
  readonly trail: BanTrail & Pick<AuditTrail, 'allowed'>;
  readonly protection: Pick<Protection, 'refresh' | 'find'>;
  readonly pipeline: Pick<Pipeline, 'send'>;
  readonly now: () => number;
  /** Brings the firewall in line; resolves when it was tried. */
  readonly reconcile: () => Promise<void>;
}

/** Widest network an operator may ban, by family: a slip of the keyboard must not shut out the world. */
const BITS_MIN = { 4: 8, 6: 16 } as const;

type Refusal = Pick<TargetResult, 'code' | 'message'>;

function result(target: string, code: TargetResult['code'], message: string): TargetResult {
  return { target, ok: code === 'done' || code === 'unchanged', code, message };
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

  async ban(request: BanRequest): Promise<readonly TargetResult[]> {
    const { bans, config, now, reconcile } = this.options;
    const lasts = request.forMs === undefined ? (config.bans.schedule[0] ?? null) : request.forMs;
    const accepted = new Map<string, Prefix>();
    const results = new Map<string, TargetResult>();
    for (const text of request.targets) {
      const prefix = parsePrefix(text);
      const refusal = this.findRefusal(text, prefix);
      if (refusal) results.set(text, result(text, refusal.code, refusal.message));
      else if (prefix) accepted.set(formatPrefix(prefix), prefix);
    }
    const timeMs = now();
    const names = [...accepted.keys()];
    bans.record(
      names.map((client) => ({
        ...this.draft('ban', client, request.operator, request.reason),
        timeMs,
        condition: 'manual',
        tier: 0,
        durationSeconds: lasts === null ? null : lasts / 1000,
        enforced: this.enforce,
      })),
      [],
      [],
    );
    bans.bansTotal += names.length;
    await this.tellEngine(
      [...accepted.values()],
      lasts === null ? Number.POSITIVE_INFINITY : Math.ceil((timeMs + lasts) / 1000),
    );
    if (this.enforce) await reconcile();
    for (const name of names) results.set(name, this.banResult(name));
    return [...results.values()];
  }

  async unban(request: UnbanRequest): Promise<readonly TargetResult[]> {
    const { bans, trail, now, reconcile } = this.options;
    const active = trail.activeBans(now());
    const found = new Map<string, ActiveBan>();
    const results: TargetResult[] = [];
    for (const text of request.all ? [] : request.targets) {
      const prefix = parsePrefix(text);
      const matches = prefix ? findBans(active, prefix) : [];
      for (const ban of matches) found.set(ban.client, ban);
      if (!prefix) results.push(result(text, 'invalid', `'${text}' is no address and no network`));
      else if (matches.length === 0) results.push(result(text, 'not_found', `${formatPrefix(prefix)} is not banned`));
    }
    const lifted = request.all ? active : [...found.values()];
    if (lifted.length > 0) await this.lift(lifted, request.operator, request.reason);
    await reconcile();
    for (const ban of lifted) {
      const failure = bans.findFailure(ban.client);
      results.push(failure ? result(ban.client, 'failed', failure) : result(ban.client, 'done', 'unbanned'));
    }
    return results;
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
        drafts.push({
          ...this.draft(request.remove ? 'disallow' : 'allow', entry, request.operator, request.reason),
          timeMs: now(),
        });
        results.push(result(entry, 'done', request.remove ? 'no longer allowed' : 'allowed'));
      }
    }
    if (drafts.length === 0) return results;
    bans.record(drafts, [], []);
    await protection.refresh();
    if (!request.remove) await reconcile();
    return results;
  }

  /** Lifts the bans that protection has come to cover (an operator logged in from there, an entry was allowed). */
  async liftProtected(): Promise<void> {
    const { trail, protection, now, reconcile } = this.options;
    for (const ban of trail.activeBans(now())) {
      const prefix = parsePrefix(ban.client);
      const never = prefix && protection.find(prefix);
      if (!never) continue;
      await this.lift([ban], undefined, `never banned: ${never.detail}`);
      await reconcile();
    }
  }

  private async lift(bans: readonly ActiveBan[], operator: string | undefined, reason: string): Promise<void> {
    this.options.bans.lift(bans, operator === undefined ? 'system' : `operator:${operator}`, reason);
    for (const ban of bans) {
      const prefix = parsePrefix(ban.client);
      const key = prefix && findWholeClient(prefix, this.ipv6Bits);
      if (key) await this.options.pipeline.send({ kind: 'release', ...key });
    }
  }

  private findRefusal(text: string, prefix: Prefix | undefined): Refusal | undefined {
    if (!prefix) return { code: 'invalid', message: `'${text}' is no address and no network` };
    if (prefix.bits < BITS_MIN[prefix.family]) {
      return { code: 'invalid', message: `/${prefix.bits} is too wide: at least /${BITS_MIN[prefix.family]}` };
    }
    const never = this.options.protection.find(prefix);
    return never && { code: 'protected', message: `never banned: ${never.detail}` };
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

  private async tellEngine(prefixes: readonly Prefix[], until: number): Promise<void> {
    const keys = prefixes.map((prefix) => findWholeClient(prefix, this.ipv6Bits)).filter((key) => key !== undefined);
    const offenders = keys.map((key) => ({ ...key, tier: 0, until, lastEnd: until }));
    if (offenders.length > 0) await this.options.pipeline.send({ kind: 'set_bans', offenders });
  }

  private draft(action: AuditDraft['action'], client: string, operator: string, detail: string): AuditDraft {
    return {
      timeMs: 0,
      actor: `operator:${operator}`,
      action,
      client,
      condition: null,
      numbers: null,
      tier: null,
      durationSeconds: null,
      enforced: true,
      detail,
    };
  }
}

/** The ban of exactly this network, else those that cover it, else those inside it. */
function findBans(active: readonly ActiveBan[], prefix: Prefix): ActiveBan[] {
  const name = formatPrefix(prefix);
  const exact = active.filter((ban) => ban.client === name);
  if (exact.length > 0) return exact;
  const related = (test: (ban: Prefix) => boolean) =>
    active.filter((ban) => {
      const other = parsePrefix(ban.client);
      return other !== undefined && test(other);
    });
  const covering = related((ban) => prefixContains(ban, prefix));
  return covering.length > 0 ? covering : related((ban) => prefixContains(prefix, ban));
}
