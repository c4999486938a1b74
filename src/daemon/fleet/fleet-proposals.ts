/** What other hosts of the fleet decided, judged and carried out here: this host's own protections, mode and fuse have the last word. */

import type { Config } from '../../config/schema.ts';
import type { AllowRequest, PanicRequest, PanicResult } from '../../control/protocol.ts';
import { explainRefusal } from '../../english/refusal.ts';
import type { ActiveBan, AuditDraft, RefusalReason } from '../../model/audit.ts';
import type { Changes } from '../../model/reconcile.ts';
import { type ClientKey, findWholeClient } from '../../net/client-key.ts';
import { findBanKey } from '../../net/client-network.ts';
import { setNewest } from '../../net/newest-entries.ts';
import { formatPrefix, parsePrefix } from '../../net/prefix.ts';
import { BLANK, PORTION_ROWS } from '../../record/row/row.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import { EVERYBODY, findIdle, isCovered, Releases } from '../../share/merge.ts';
import { actorOf, isPersonal, type Order } from '../../share/order.ts';
import type { Pipeline } from '../../workers/pipeline.ts';
import type { Bans } from '../bans/bans.ts';
import { describeRefusal } from '../bans/event-drafts.ts';
import { findOverlaps } from '../bans/overlap.ts';
import {
  type AcceptedBan,
  type BanTarget,
  findBan,
  informEngine,
  judgeOrders,
  type ParsedOrder,
  parseTarget,
} from '../orders/ban-orders.ts';
import type { Panic } from '../orders/panic.ts';
import type { Protection } from '../orders/protection.ts';
import { Gathering } from './gathering.ts';

/** Entries that may stand on the allowlist of people before others' are refused. */
const ALLOWED_MAX = 10_000;
/** Refusals remembered, so that what is proposed again makes no second row; and entries that people decided about. */
const [REFUSALS_MAX, DECIDED_MAX] = [10_000, 10_000];

export interface ProposalsOptions {
  readonly config: Config;
  readonly host: string;
  readonly acceptFrom: 'any' | readonly string[];
  readonly trail: AuditTrail;
  readonly bans: Pick<Bans, 'record' | 'lift'>;
  readonly protection: Pick<Protection, 'find'>;
  readonly pipeline: Pick<Pipeline, 'send'>;
  readonly now: () => number;
  /** While more may come the firewall is not asked about what it gets. */
  readonly reconcile: (which: Changes) => Promise<void>;
  readonly allow: (request: AllowRequest) => Promise<unknown>;
  readonly panic: (request: PanicRequest) => Promise<PanicResult>;
  /** The panic that stands here. */
  readonly findPanic: () => Panic | undefined;
}

/** This host's idea of the server's time is not exact, and the order of decisions is to be kept. */
const FUTURE_MAX_MS = 60_000;

const isPanic = (kind: Order['kind']): boolean => kind === 'panic' || kind === 'panic_end';

type State = Readonly<Record<string, Uint8Array>>;
/** A ban, and what was said of it. */
type Proposed = BanTarget & { readonly said: Order };

export class Proposals {
  /** Decisions of hosts that are not listened to. */
  unheard = 0;
  private readonly options: ProposalsOptions;
  private readonly releases = new Releases();
  /** When people last began or ended a panic: each makes a new instance, which may hear of it again. */
  panicMs: number;
  /** When people last decided about an entry of the allowlist. */
  private readonly decided = new Map<string, number>();
  /** End of the ban that was refused, by what was asked. */
  private readonly refused = new Map<string, number | null>();
  private readonly gathering: Gathering;

  constructor(options: ProposalsOptions, panicMs = 0) {
    this.options = options;
    this.panicMs = panicMs;
    this.gathering = new Gathering(options.reconcile);
  }

  /** Notes a decision of this host, which later ones of others are held against. */
  note({ kind, target, atMs }: Order): void {
    if (kind === 'unban') this.releases.note(target, atMs);
    if (kind === 'panic') for (const everybody of EVERYBODY) this.releases.note(everybody, atMs);
    if (isPanic(kind)) this.panicMs = Math.max(atMs, this.panicMs);
    if (kind !== 'allow' && kind !== 'disallow') return;
    setNewest(this.decided, target, Math.max(atMs, this.decided.get(target) ?? 0), DECIDED_MAX);
  }

  /**
   * Carries out what others decided, in order; `aheadMs` is how far their clock, the server's, is ahead. Bans in a row are one
   * transaction, releases in a row one look through the bans, and `state` is saved with the last rows. What was decided in the future
   * would overrule all that comes until then. While `isMoreComing` the firewall may wait a moment for the bans of the next call.
   */
  async apply(orders: readonly Order[], aheadMs: number, state: State, isMoreComing = false): Promise<void> {
    const nowMs = this.options.now() + aheadMs;
    let run: Order[] = [];
    const finish = async () => {
      const some = run;
      run = [];
      if (some[0]?.kind === 'ban') await this.propose(some, aheadMs, {}, true);
      else await this.release(some, aheadMs);
      await this.options.trail.takeTurns();
    };
    for (const said of orders) {
      const order = said.atMs > nowMs + FUTURE_MAX_MS ? { ...said, atMs: nowMs } : said;
      if (order.host !== this.options.host && !this.isHeard(order.host)) {
        this.unheard++;
        continue;
      }
      if (run.length > 0 && (run[0]?.kind !== order.kind || run.length === PORTION_ROWS)) await finish();
      if (order.kind === 'ban' || order.kind === 'unban') run.push(order);
      else await this.obey(order, aheadMs);
    }
    if (run[0]?.kind === 'unban') await finish();
    await this.propose(run, aheadMs, state, isMoreComing);
    await this.options.trail.takeTurns();
  }

  stop(): void {
    this.gathering.stop();
  }

  private isHeard(host: string): boolean {
    const { acceptFrom } = this.options;
    return acceptFrom === 'any' || acceptFrom.includes(host);
  }

  /**
   * Judges bans of other hosts as this host's own orders are judged, and records what came of it. Bans reach the firewall by
   * this function alone.
   */
  private async propose(orders: readonly Order[], aheadMs: number, state: State, isMoreComing: boolean): Promise<void> {
    const { bans, config, pipeline } = this.options;
    const { accepted, drafts } = await this.judge(orders, aheadMs);
    // A row that the full backlog had no room for: nothing follows from it.
    for (const { id, client } of bans.record(drafts, state)) if (id === 0) accepted.delete(client ?? '');
    // The firewall waits for the rows, and of many bans at most for the next.
    if (config.mode === 'enforce') this.gathering.add(accepted.size);
    if (!isMoreComing) this.gathering.flush();
    await informEngine(pipeline, accepted.values(), config.detection);
  }

  /** Which bans of these are this host's from now on, and the rows of those and of what is refused. */
  private async judge(orders: readonly Order[], aheadMs: number) {
    const { now, config } = this.options;
    const nowMs = now();
    const rules = { ...this.options, enforce: config.mode === 'enforce', timeMs: nowMs };
    const news = new Map<string, Proposed>();
    for (const order of orders) {
      const target = parseTarget(order.target);
      if ('code' in target) continue;
      const { client, prefix } = target;
      const active = findBan(client, rules);
      const activeUntilMs = active?.untilMs == null ? active?.untilMs : active.untilMs + aheadMs;
      if (findIdle(order, prefix, { nowMs: nowMs + aheadMs, activeUntilMs, releases: this.releases })) continue;
      const before = news.get(client);
      if (before && isCovered(order.untilMs, before.said.untilMs)) continue;
      news.set(client, { client, prefix, said: order });
    }
    const { accepted, refused } = judgeOrders(
      ordersFor(news.values(), aheadMs),
      { keepLonger: true, reason: '', operator: '' },
      rules,
    );
    const spared = await this.askFuse(accepted, news.values());
    for (const client of spared) accepted.delete(client);
    const drafts: AuditDraft[] = Array.from(accepted.values(), ({ draft }) => draft);
    const refuse = (client: string, why: RefusalReason, because: string) => {
      const order = news.get(client)?.said;
      if (order) drafts.push(...this.refuse(order, client, why, because, aheadMs));
    };
    for (const { result, why } of refused) if (why) refuse(result.target, why.reason, explainRefusal(why));
    for (const client of spared) refuse(client, 'fuse', explainRefusal({ reason: 'fuse' }));
    return { accepted, drafts };
  }

  /** Those of them, by policy, that the fuse does not admit here. */
  private async askFuse(bans: ReadonlyMap<string, AcceptedBan>, news: Iterable<Proposed>): Promise<string[]> {
    const { config, pipeline } = this.options;
    const asked: { readonly client: string; readonly key: ClientKey }[] = [];
    for (const { client, prefix, said } of news) {
      const key = !isPersonal(said) && bans.has(client) && findWholeClient(prefix, config.detection);
      if (key) asked.push({ client, key });
    }
    if (asked.length === 0) return [];
    const { admitted = [] } = await pipeline.send({ kind: 'admit', clients: asked.map(({ key }) => key) });
    return asked.flatMap(({ client }, at) => (admitted[at] === false ? client : []));
  }

  /** The row of a refusal; none while a ban of this target that was refused before would last, whatever else is asked for it. */
  private refuse(order: Order, target: string, reason: RefusalReason, because: string, aheadMs: number): AuditDraft[] {
    const { config, now } = this.options;
    const what = `${order.kind} ${target}`;
    const before = this.refused.get(what);
    setNewest(this.refused, what, order.untilMs, REFUSALS_MAX);
    if (before === null || (before !== undefined && before > now() + aheadMs)) return [];
    return [
      {
        ...BLANK,
        timeMs: now(),
        actor: actorOf(order),
        action: 'refused',
        client: target,
        condition: order.condition,
        enforced: config.mode === 'enforce',
        detail: describeRefusal(reason, because),
        numbers: { reason, because, origin: order.host, digest: order.digest },
      },
    ];
  }

  /** What a person on another host decided holds here too, unless somebody decided otherwise since. */
  private async obey(order: Order, aheadMs: number): Promise<void> {
    const { kind, target, atMs, reason, host } = order;
    const operator = `${order.actor.slice('operator:'.length)}@${host}`;
    if ((isPanic(kind) ? this.panicMs : (this.decided.get(target) ?? 0)) >= atMs) return;
    this.note(order);
    if (isPanic(kind)) {
      const end = kind === 'panic_end';
      if ((this.options.findPanic() !== undefined) === end) await this.options.panic({ end, reason, operator });
      return;
    }
    const remove = kind === 'disallow';
    const allowed = this.options.trail.allowed();
    if (allowed.some(({ entry }) => entry === target) !== remove) return;
    if (!remove && allowed.length >= ALLOWED_MAX) {
      const because = `${allowed.length} entries are allowed already`;
      this.options.bans.record(this.refuse(order, target, 'limit', because, aheadMs));
      return;
    }
    // Its bans end without a word here: the other host has told people.
    if (!remove && parsePrefix(target)) await this.release([order], aheadMs);
    await this.options.allow({ targets: [target], remove, reason, operator });
  }

  private async release(orders: readonly Order[], aheadMs: number): Promise<void> {
    const { trail, bans, now, pipeline, config } = this.options;
    const asked = orders.flatMap((order) => {
      const prefix = parsePrefix(order.target);
      return prefix && this.releases.note(formatPrefix(prefix), order.atMs) ? [{ order, prefix }] : [];
    });
    if (asked.length === 0) return;
    const nowMs = now();
    const overlaps = findOverlaps(
      trail.activeClients(nowMs),
      asked.map(({ prefix }) => prefix),
    );
    const lifted = new Map<string, { readonly ban: ActiveBan; readonly order: Order }>();
    for (const { order, prefix } of asked) {
      const { covering, within } = overlaps(prefix);
      for (const client of [...covering, ...within]) {
        const ban = lifted.has(client) ? undefined : trail.findActiveBan(client, nowMs);
        if (ban && ban.sinceMs + aheadMs <= order.atMs) lifted.set(client, { ban, order });
      }
    }
    if (lifted.size === 0) return;
    const said = Map.groupBy(lifted.values(), ({ order }) => JSON.stringify([actorOf(order), order.reason]));
    const done = [...said.values()].map((some) => {
      const { order } = some[0] as (typeof some)[0];
      const held = some.map(({ ban }) => ban);
      return bans.lift(held, actorOf(order), order.reason, { tell: 'none' });
    });
    const clients = [...lifted.keys()].flatMap((client) => {
      const of = parsePrefix(client);
      return (of && findBanKey(of, config.detection)) ?? [];
    });
    if (clients.length > 0) await pipeline.send({ kind: 'release', clients, second: Math.ceil(nowMs / 1000) });
    await Promise.all(done);
  }
}

/** Bans as this host would order them, one by one: what is left of a ban begins when it was decided, and counts by this host's clock. */
function* ordersFor(proposed: Iterable<Proposed>, aheadMs: number): Generator<ParsedOrder> {
  for (const { client, prefix, said } of proposed) {
    const { tier, condition, reason, untilMs } = said;
    yield {
      target: client,
      client,
      prefix,
      tier,
      condition,
      reason,
      forMs: untilMs === null ? null : undefined,
      untilMs: untilMs === null ? undefined : untilMs - aheadMs,
      actor: actorOf(said),
      sinceMs: said.atMs - aheadMs,
      numbers: { origin: said.host, digest: said.digest },
    };
  }
}
