/** Counts on their way: batches to the shards of the server, and what it answers. */
import type { ClientCounts, SharedCountsResult, SharedNews, SharedOffence } from '../engine/shared-counts.ts';
import { type Keys, shardOf } from './keys.ts';
import { isTexts, replyOf } from './reply.ts';
import { COUNT } from './scripts.ts';
import { ANSWER_MS, type Server } from './server.ts';
import type { Watched } from './stream.ts';

/** Counts go out this often, up to a fifth later, so that hosts do not all speak at once. */
const [TICK_MS, JITTER] = [250, 0.2];
/** Clients put on watch that wait for the next tick. */
const NEWS_MAX = 20_000;
/**
 * An unanswered batch is sent again until it is this old, three times what an answer is waited for: the first one may have been told
 * to decide an offence, which nobody else does for a minute.
 */
const BATCH_AGE_MAX_MS = 3 * ANSWER_MS;
/** Entries that the stream of watched clients keeps, about. */
const WATCH_LENGTH = 1000;

interface Batch {
  readonly number: number;
  readonly madeMs: number;
  readonly clients: readonly ClientCounts[];
}

export interface CountsOptions {
  readonly host: string;
  readonly keys: Keys;
  /** Of this run of the host, so that its numbers of batches are new ones. */
  readonly run: string;
  /** False in observe mode: anyone who bans decides. */
  readonly bans: boolean;
  readonly now: () => number;
}

/** What an exchange of counts needs of its host. */
export interface Exchange {
  /** Hosts that share counts, this one included. */
  readonly hosts: () => number;
  /** Gives what this host counted for what others did; undefined where nothing is counted. */
  readonly exchange: (news: SharedNews) => Promise<SharedCountsResult | undefined>;
  /** Waits for milliseconds; rejects once the link is stopped. */
  readonly pause: (ms: number) => Promise<void>;
}

export class OutgoingCounts {
  /** Clients whose counts were given up because no answer came. */
  dropped = 0;
  /** Clients spoken of. */
  sent = 0;
  /** What the last exchange gave. */
  last: SharedCountsResult | undefined;
  private news: readonly Watched[] = [];
  private readonly options: CountsOptions;
  /** Unanswered, by shard. */
  private readonly batches = new Map<number, Batch>();
  private number = 0;

  constructor(options: CountsOptions) {
    this.options = options;
  }

  /** Clients that were put on watch: what is counted of them is said with the next tick. */
  watch(watched: readonly Watched[]): void {
    this.news = this.news.concat(watched).slice(0, NEWS_MAX);
  }

  /** Exchanges counts in ticks until that fails; an offence is carried out without waiting for the next. */
  async keepExchanging(server: Server, { hosts, exchange, pause }: Exchange): Promise<never> {
    let offences: readonly SharedOffence[] = [];
    for (;;) {
      if (offences.length === 0) await pause(TICK_MS * (1 + JITTER * Math.random()));
      const watch = this.news;
      this.news = [];
      this.last = await exchange({ hosts: hosts(), watch, offences });
      const answer = await this.send(server, hosts() > 1 ? (this.last?.said ?? []) : []);
      this.watch(answer.watched);
      offences = answer.offences;
    }
  }

  /**
   * Sends what was counted, and what was not answered the last time. Tells whom all hosts are to watch, and whose level is above
   * what this host tolerates where it is to decide. Rejects when the server does not answer; then the batches wait.
   */
  async send(
    server: Server,
    counted: readonly ClientCounts[],
  ): Promise<{ readonly watched: readonly Watched[]; readonly offences: readonly SharedOffence[] }> {
    const nowMs = this.options.now();
    const waiting = [...this.batches].filter(([shard, batch]) => {
      if (nowMs - batch.madeMs <= BATCH_AGE_MAX_MS) return true;
      this.batches.delete(shard);
      this.dropped += batch.clients.length;
      return false;
    });
    const again = await this.sendAll(server, waiting).catch((error: unknown) => {
      this.dropped += counted.length;
      throw error;
    });
    const fresh = await this.sendAll(server, this.makeBatches(counted, nowMs));
    const watched = [...again.watched, ...fresh.watched];
    if (watched.length > 0) await this.announce(server, watched);
    return { watched, offences: [...again.offences, ...fresh.offences] };
  }

  private makeBatches(counted: readonly ClientCounts[], madeMs: number): [number, Batch][] {
    const shards = new Map<number, ClientCounts[]>();
    for (const client of counted) {
      const shard = shardOf(client.client);
      const clients = shards.get(shard);
      if (clients) clients.push(client);
      else shards.set(shard, [client]);
    }
    this.sent += counted.length;
    return [...shards].map(([shard, clients]) => {
      const batch = { number: ++this.number, madeMs, clients };
      this.batches.set(shard, batch);
      return [shard, batch];
    });
  }

  private async sendAll(server: Server, batches: readonly [number, Batch][]) {
    const answers = await Promise.all(batches.map(([shard, batch]) => this.sendOne(server, shard, batch)));
    return {
      watched: answers.flatMap(({ watched }) => watched),
      offences: answers.flatMap(({ offences }) => offences),
    };
  }

  private async sendOne(server: Server, shard: number, batch: Batch) {
    const { keys, host, run, bans } = this.options;
    const of = batch.clients.map(({ client }) => keys.counts(shard, client));
    const said = batch.clients.map(({ counts }) => counts.map(formatCount).join(' '));
    const words = [`${host}#${run}`, String(batch.number), bans ? '1' : '0', ...said];
    const answers = await replyOf(isTexts, server.run(COUNT, [keys.batches(shard), ...of], words));
    this.batches.delete(shard);
    const watched: Watched[] = [];
    const offences: SharedOffence[] = [];
    for (const [index, { client, counts }] of batch.clients.entries()) {
      const [watchedMs = '0', isNew, ...levels] = (answers[index] ?? '').split(' ');
      if (isNew === '1') watched.push({ client, seconds: Number(watchedMs) / 1000 });
      for (let at = 0; at + 3 < levels.length; at += 4) {
        const [rule, points, leak, over] = levels.slice(at, at + 4);
        const count = counts.find((each) => each.rule === rule);
        if (over !== '1' || !count) continue;
        offences.push({
          client,
          rule: count.rule,
          points: Number(points),
          limit: count.limit,
          leak: Number(leak),
        });
      }
    }
    return { watched, offences };
  }

  private async announce(server: Server, watched: readonly Watched[]): Promise<void> {
    const { watch } = this.options.keys;
    const text = JSON.stringify(watched.map(({ client, seconds }) => [client, Math.ceil(seconds)]));
    await server.command(watch, ['XADD', watch, 'MAXLEN', '~', String(WATCH_LENGTH), '*', 'w', text]);
  }
}

const formatCount = ({ rule, points, limit, leak }: ClientCounts['counts'][number]): string =>
  `${rule} ${short(points)} ${short(limit)} ${short(leak)}`;

/** Six decimals at most: a leak is points a second. */
const short = (value: number): string => String(Math.round(value * 1e6) / 1e6);
