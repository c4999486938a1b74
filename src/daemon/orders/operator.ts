/** Carries out what people ask for at the command line: ban, unban, allow. */

import type { Config } from '../../config/schema.ts';
import type {
  AllowRequest,
  BanRequest,
  FuseRequest,
  OnProgress,
  Outcome,
  TargetResult,
  UnbanRequest,
} from '../../control/protocol.ts';
import type { ActiveBan, AuditDraft, AuditEntry, DraftOf } from '../../model/audit.ts';
import { type Changes, changesOf } from '../../model/reconcile.ts';
import type { ClientScheme } from '../../net/client-key.ts';
import { findBanKey } from '../../net/client-network.ts';
import { isHostName } from '../../net/host-name.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';
import { PORTION_ROWS } from '../../record/row/row.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { Pipeline } from '../../workers/pipeline.ts';
import type { Bans, LiftOptions } from '../bans/bans.ts';
import { findOverlaps } from '../bans/overlap.ts';
import { type AcceptedBan, informEngine, judgeOrders, type ParsedOrder, parseTarget } from './ban-orders.ts';
import {
  allowDraft,
  endOf,
  explainWidth,
  targetResult as result,
  unbanResult,
  unchangedResult,
  unconfirmedResult,
  withBlocked,
  withBlocks,
  withClients,
  withLifted,
  withProtection,
  withUnconfirmed,
} from './order-answers.ts';
import { Patience } from './patience.ts';
import { findCovered, type Protection } from './protection.ts';

export const NOT_RECORDED = 'could not be recorded: too many audit rows wait for the disk, see zban status';

/** A row that the full backlog had no room for: nothing follows from it. */
const isLost = ({ id }: Pick<AuditEntry, 'id'>) => id === 0;

export const NOT_TRIPPED = 'the fuse has not tripped: nothing to reset';

/** When it would end follows. */
const NOT_ENFORCED = 'nothing is blocked in observe mode or a panic: recorded as a would-be ban';

export interface OperatorOptions {
  readonly config: Config;
  readonly bans: Bans;
  readonly trail: AuditTrail;
  readonly protection: Pick<Protection, 'refresh' | 'find'>;
  readonly pipeline: Pick<Pipeline, 'send'>;
  readonly now: () => number;
  /** Brings the firewall in line with these changes; resolves when it was tried. */
  readonly reconcile: (which: Changes) => Promise<void>;
  /** How long a person waits for the firewall; for tests. */
  readonly answerMs?: number;
  /** A person asked for releases; other hosts of a fleet may have bans that this one lacks. Answers for those, by name. */
  readonly onUnban?: (
    request: UnbanRequest,
    absent: readonly Prefix[],
  ) => Promise<ReadonlyMap<string, TargetResult>> | undefined;
}

export class Operator {
  private readonly options: OperatorOptions;
  private readonly enforce: boolean;
  private readonly scheme: ClientScheme;
  private readonly patience: Patience;

  constructor(options: OperatorOptions) {
    this.options = options;
    this.patience = new Patience(options.answerMs);
    this.enforce = options.config.mode === 'enforce';
    this.scheme = options.config.detection;
  }

  /** However many are asked for: recorded a portion at a time, then one message to the engine and one reconcile. */
  async ban(request: BanRequest): Promise<readonly TargetResult[]> {
    const { bans, protection, reconcile, trail, pipeline, now } = this.options;
    // A daemon that has just started doesn't know yet whom it protects, and who came since the last look counts too.
    await protection.refresh();
    const accepted = new Map<string, AcceptedBan>();
    const results = new Map<string, TargetResult>();
    for (let at = 0; at < request.bans.length; at += PORTION_ROWS) {
      if (at > 0) await trail.takeTurns();
      this.order({ ...request, bans: request.bans.slice(at, at + PORTION_ROWS) }, accepted, results);
    }
    const drafts = [...accepted.values()].map(({ draft }) => draft);
    if (accepted.size > 0) {
      const informed = informEngine(pipeline, accepted.values(), this.scheme);
      const enforced = Promise.all([this.enforce && reconcile(changesOf(accepted.size)), informed]);
      await this.patience.wait(
        accepted.size,
        enforced.then(() => bans.describeOrders(drafts)),
      );
    }
    for (const name of accepted.keys()) results.set(name, this.banResult(name));
    return this.withDurability(withClients(results.values(), this.scheme, (name) => trail.findActiveBan(name, now())));
  }

  /** Judges orders and records those that are accepted; of a target that comes twice the last order counts. */
  private order(request: BanRequest, accepted: Map<string, AcceptedBan>, results: Map<string, TargetResult>): void {
    const rules = { ...this.options, enforce: this.enforce, timeMs: this.options.now() };
    const parsed: ParsedOrder[] = [];
    for (const order of request.bans) {
      const target = parseTarget(order.target);
      if ('code' in target) results.set(target.target, target);
      else parsed.push({ ...order, ...target });
    }
    const judged = judgeOrders(parsed, request, rules);
    for (const { result: refusal } of judged.refused) results.set(refusal.target, refusal);
    if (judged.accepted.size === 0) return;
    for (const [name, ban] of judged.accepted) accepted.set(name, ban);
    const entries = this.options.bans.record([...judged.accepted.values()].map(({ draft }) => draft));
    for (const { client } of entries.filter(isLost)) {
      accepted.delete(client ?? '');
      results.set(client ?? '', result(client ?? '', 'failed', NOT_RECORDED));
    }
  }

  /**
   * Lifts every ban that shares addresses with the targets: when it is done, none of their clients is blocked any more.
   * What else was lifted by that is named, and so is what the firewall still blocks.
   */
  async unban(request: UnbanRequest, onProgress?: OnProgress): Promise<readonly TargetResult[]> {
    const { trail, now, onUnban } = this.options;
    const timeMs = now();
    const results: TargetResult[] = [];
    const asked = request.targets.map((text) => ({ text, prefix: parsePrefix(text) }));
    const prefixes = asked.flatMap(({ prefix }) => prefix ?? []);
    const overlaps = findOverlaps(trail.activeClients(timeMs), prefixes);
    const absent: Prefix[] = [];
    /** Why each ban is lifted: empty for what was asked for by name. */
    const reasons = new Map<string, string>();
    for (const { text, prefix } of asked) {
      if (!prefix) {
        results.push(result(text, 'invalid', 'neither an address nor a network'));
        continue;
      }
      const name = formatPrefix(prefix);
      const { covering, within } = overlaps(prefix);
      if (covering.length + within.length === 0) {
        absent.push(prefix);
        results.push(result(name, 'not_found', 'not banned'));
      }
      for (const client of covering) note(reasons, client, client === name ? '' : `it covered ${name}`);
      for (const client of within) note(reasons, client, `it was within ${name}`);
    }
    const elsewhere = onUnban?.(request, absent);
    const lifted = request.all ? [...trail.activeClients(timeMs)] : [...reasons.keys()];
    const told: TargetResult[] = [];
    let done = 0;
    const onLifted = async (bans: readonly ActiveBan[]) => {
      const some = await this.withDurability(this.unbanResults(bans, reasons));
      done += bans.length;
      if (onProgress && done < lifted.length) await onProgress({ done, of: lifted.length, results: some });
      else told.push(...some);
    };
    const bans = trail.activeBansOf(lifted, timeMs);
    const actor = `operator:${request.operator}` as const;
    const lifting = this.lift(bans, actor, request.reason, prefixes, onLifted);
    const answered = (await this.patience.waitForLift(lifted, lifting)) ? told : lifted.map(unconfirmedResult);
    const answers = await elsewhere;
    const elsewhereLifted = [...(answers?.values() ?? [])].filter(({ code }) => code === 'done');
    this.options.bans.tellLiftedElsewhere(
      elsewhereLifted.map(({ target }) => target),
      actor,
      request.reason,
    );
    const elsewhereTold = results.map((each) => answers?.get(each.target) ?? each);
    const isLifting = (client: string) => this.patience.isLifting(client);
    const remainders = (clients: readonly string[]) => this.options.bans.findRemainders(clients);
    return [...withBlocked(elsewhereTold, remainders, isLifting), ...answered];
  }

  private unbanResults(lifted: readonly ActiveBan[], reasons: ReadonlyMap<string, string>): readonly TargetResult[] {
    const { trail, now, bans } = this.options;
    const remainders = bans.findRemainders(lifted.map(({ client }) => client));
    return lifted.map((ban) =>
      trail.findActiveBan(ban.client, now())?.auditId === ban.auditId
        ? result(ban.client, 'failed', NOT_RECORDED)
        : unbanResult(ban, reasons.get(ban.client) ?? '', remainders(ban.client)),
    );
  }

  /** Of an exception that another host of the fleet made, that host tells people: `tell` is none. */
  async allow(request: AllowRequest, tell: 'all' | 'none' = 'all'): Promise<readonly TargetResult[]> {
    const { trail, protection, bans, now, reconcile } = this.options;
    const known = new Set(trail.allowed().map(({ entry }) => entry));
    const results: TargetResult[] = [];
    const drafts: DraftOf<'allow' | 'disallow'>[] = [];
    for (const text of request.targets) {
      const prefix = parsePrefix(text);
      const entry = prefix ? formatPrefix(prefix) : text.toLowerCase().replace(/\.$/, '');
      const width = prefix && !request.remove && explainWidth(prefix);
      if (!prefix && !isHostName(entry)) {
        results.push(result(text, 'invalid', 'neither an address, a network nor a host name'));
      } else if (width) {
        results.push(result(entry, 'invalid', width));
      } else if (request.remove !== known.has(entry)) {
        results.push(unchangedResult(entry, request.remove));
      } else {
        drafts.push(allowDraft(entry, request, now()));
        results.push(result(entry, 'done', request.remove ? 'no longer allowed' : 'allowed'));
      }
    }
    if (drafts.length === 0) return results;
    const allowed = request.remove ? [] : drafts.flatMap(({ client }) => parsePrefix(client) ?? []);
    const overlaps = findOverlaps(trail.activeClients(now()), allowed);
    const lost = bans.record(drafts).filter(isLost);
    const refreshed = protection.refresh();
    const enforced = request.remove ? refreshed : refreshed.then(() => reconcile(changesOf(drafts.length)));
    const isEnforced = await this.patience.wait(drafts.length, enforced);
    const failed = new Map(lost.map(({ client }) => [client, result(client ?? '', 'failed', NOT_RECORDED)]));
    const recorded = results.map((each) => failed.get(each.target) ?? each);
    if (tell === 'all') bans.describeOrders(drafts.filter(({ client }) => !failed.has(client)));
    if (request.remove) return this.withDurability(withProtection(recorded, (prefix) => protection.find(prefix)));
    const blocks = withBlocks(recorded, bans.findRemainders(recorded.map(({ target }) => target)));
    const told = withLifted(blocks, overlaps, (client) => trail.findActiveBan(client, now()) === undefined);
    const isBlocked = (prefix: Prefix) => Object.values(overlaps(prefix)).some((some) => some.length > 0);
    return this.withDurability(isEnforced ? told : withUnconfirmed(told, isBlocked));
  }

  /** Lets banning resume before the fuse's hold is over. */
  async resetFuse({ operator, reason }: FuseRequest): Promise<Outcome> {
    const { bans, trail, pipeline } = this.options;
    const { fuse } = await pipeline.send({ kind: 'reset_fuse' });
    if (!fuse) return { ok: true, message: NOT_TRIPPED };
    bans.noteFuseReset(fuse, operator, reason);
    const isDurable = await trail.isDurable();
    return { ok: true, message: 'the fuse is reset: zban bans again', ...(!isDurable && { durable: false }) };
  }

  /** Lifts the bans that protection has come to cover (an operator logged in from there, an entry was allowed). */
  async liftProtected(): Promise<void> {
    const { trail, protection, now } = this.options;
    const nowMs = now();
    const covered = await findCovered(trail.activeClients(nowMs), protection);
    for (const [detail, clients] of covered) {
      await this.lift(trail.activeBansOf(clients, nowMs), 'system', `never banned: ${detail}`);
    }
  }

  /** Also what the clients among `released` did before does not count: their ban was that of a network. */
  private async lift(
    bans: Iterable<ActiveBan>,
    actor: AuditDraft['actor'],
    reason: string,
    released: readonly Prefix[] = [],
    onLifted?: LiftOptions['onLifted'],
  ): Promise<void> {
    const second = Math.ceil(this.options.now() / 1000);
    let others = released;
    const onRecorded = async (some: readonly ActiveBan[]) => {
      const prefixes = [...some.flatMap(({ client }) => parsePrefix(client) ?? []), ...others];
      others = [];
      const clients = prefixes.flatMap((prefix) => findBanKey(prefix, this.scheme) ?? []);
      if (clients.length > 0) await this.options.pipeline.send({ kind: 'release', clients, second });
    };
    await this.options.bans.lift(bans, actor, reason, { onRecorded, onLifted });
  }

  private banResult(client: string): TargetResult {
    const { trail, bans, now } = this.options;
    const ban = trail.findActiveBan(client, now());
    const end = ban && endOf(ban);
    if (!this.enforce) return { ...result(client, 'done', NOT_ENFORCED), ...end };
    if (ban?.confirmed) return { ...result(client, 'done', 'banned'), ...end };
    return result(
      client,
      'failed',
      bans.findFailure(client) ?? 'the firewall has not confirmed it yet; zban keeps trying',
    );
  }

  /** What was done is in force; while rows wait for the disk, only the daemon's memory has it. */
  private async withDurability(results: readonly TargetResult[]): Promise<readonly TargetResult[]> {
    if (await this.options.trail.isDurable()) return results;
    return results.map((each) => (each.code === 'done' ? { ...each, durable: false } : each));
  }
}

function note(reasons: Map<string, string>, client: string, reason: string): void {
  if (reason === '' || !reasons.has(client)) reasons.set(client, reason);
}
