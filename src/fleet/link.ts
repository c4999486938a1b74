/**
 * A host's link to the server: connects, says that it is there, sends and reads decisions, exchanges counts; after any failure
 * from the beginning. Nothing here is waited for by anyone who judges or bans.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isNumber, isText, isTuple } from '../model/shape.ts';
import { OutgoingCounts } from './counts.ts';
import { Inbox, type Place } from './inbox.ts';
import { Keys } from './keys.ts';
import type { LinkOptions } from './link-options.ts';
import { OutgoingOrders } from './orders.ts';
import { causeOf, replyOf } from './reply.ts';
import { BEAT } from './scripts.ts';
import { connectServer, type Server } from './server.ts';
import { type Heard, isBefore, readAll, readEnds, readFirst, readNews, readWatchEnd, STREAM_START } from './stream.ts';

const BEAT_MS = 1000;
/** A host that was not heard of for so long shares no counts. */
export const SILENT_MS = 10_000;
/** Pauses between attempts to connect. */
const [RETRY_MS, RETRY_MAX_MS] = [200, 2000];
const EPOCH_BYTES = 8;

/** What BEAT answers. */
const isBeat = isTuple(isText, isText, isNumber, isText, isText);

/** One life of the connection. */
interface Session {
  readonly writer: Server;
  readonly reader: Server;
  readonly fail: (error: Error) => void;
  isOver: boolean;
}

export class Link {
  readonly orders = new OutgoingOrders();
  readonly keys: Keys;
  /** Milliseconds by which the server's clock is ahead of this host's; 0 before it was asked. */
  aheadMs = 0;
  /** Hosts that share counts, this one included. */
  hosts = 1;
  /** Entries that were not understood. */
  unknown = 0;
  private readonly options: LinkOptions;
  private readonly counts: OutgoingCounts;
  private session: Session | undefined;
  /** Up to where decisions were read, and up to where they are carried out. */
  private place: Place | undefined;
  private done: Place;
  private readonly inbox: Inbox;
  /** The server's history of writes, as it was last told; another one may lack what the stream had. */
  private history: string | undefined;
  /** How often the server was emptied or replaced, and how many of these were followed by reading all that is in force. */
  private changes = 0;
  private caughtUp = 0;
  private bytesBefore = 0;
  /** Of this run of the host. */
  private readonly runId = randomBytes(4).toString('hex');
  private hasBeaten = false;
  /** When another run was heard of under this host's name, the last time but one and the last, milliseconds of `performance.now`. */
  private twinMs: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  private isLeaving = false;
  private readonly stopping = new AbortController();
  private running: Promise<unknown> | undefined;

  constructor(options: LinkOptions) {
    this.options = options;
    this.keys = new Keys(options.name);
    this.place = options.saved;
    this.inbox = new Inbox(options.readAheadMax);
    this.done = options.saved ?? { epoch: '', lastId: '' };
    const { host, enforce, now } = options;
    this.counts = new OutgoingCounts({ host, keys: this.keys, run: this.runId, bans: enforce, now });
  }

  get isUp(): boolean {
    return this.session !== undefined;
  }

  /**
   * True while another host takes this one's name: each of them undoes what the other says of itself. A host that starts again may meet
   * its earlier run once; and one that beats twice between two beats of another meets itself.
   */
  get hasTwin(): boolean {
    return performance.now() - this.twinMs[0] < SILENT_MS;
  }

  /** Numbers for people. */
  numbers() {
    const { sent, dropped, last } = this.counts;
    const { watched = 0, leftOut = 0 } = last ?? {};
    return { watched, leftOut, sent, dropped, bytes: this.bytes(), unknown: this.unknown, waiting: this.orders.size };
  }

  start(): void {
    this.running ??= Promise.all([this.run(), this.carryOut()]);
  }

  /** Ends the connection, whatever it waits for. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.inbox.close();
    this.end(this.session);
    await this.running;
  }

  /** Takes this host out and ends the connection; false where the server does not hear it. */
  async leave(): Promise<boolean> {
    // A beat after it would put this host back.
    this.isLeaving = true;
    const isTold = await this.ask((server, { hosts }) =>
      server.command(hosts, ['HDEL', hosts, this.options.host]).then(() => true),
    ).catch(() => false);
    await this.stop();
    return isTold;
  }

  /** Runs a command on the connection; rejects without one. */
  async ask<T>(run: (server: Server, keys: Keys) => Promise<T>): Promise<T> {
    if (!this.session) throw new Error('there is no connection to the server');
    return run(this.session.writer, this.keys);
  }

  private bytes(): number {
    const { session } = this;
    return this.bytesBefore + (session ? session.writer.bytes() + session.reader.bytes() : 0);
  }

  /** What is counted now is said once other hosts are there. */
  private async countAlone(): Promise<void> {
    const { shares, exchange } = this.options;
    if (shares.counts) await exchange({ hosts: 1, watch: [], offences: [] }).catch(() => {});
  }

  private async run(): Promise<void> {
    await this.countAlone();
    for (let pauseMs = RETRY_MS; !this.stopping.signal.aborted; pauseMs = Math.min(RETRY_MAX_MS, pauseMs * 2)) {
      const startedMs = performance.now();
      try {
        await this.live();
      } catch (error) {
        if (!this.stopping.signal.aborted) this.options.onDown(causeOf(error));
      }
      if (performance.now() - startedMs > SILENT_MS) pauseMs = RETRY_MS;
      await this.pause(pauseMs * (1 + Math.random())).catch(() => {});
    }
  }

  private readonly pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: this.stopping.signal });

  private carryOut(): Promise<void> {
    return this.inbox.empty(async ({ orders, place = this.done, isMoreComing }) => {
      this.done = place;
      try {
        await this.options.onOrders(orders, place, isMoreComing);
      } catch (error) {
        // The next connection reads all that is in force.
        this.changes++;
        this.session?.fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** From a connection to its end; always rejects. */
  private async live(): Promise<never> {
    const { promise: lost, reject } = Promise.withResolvers<never>();
    lost.catch(() => {});
    const writer = await connectServer(this.options.server, reject);
    const reader = await connectServer(this.options.server, reject).catch((error: unknown) => {
      writer.close();
      throw error;
    });
    const session: Session = { writer, reader, fail: reject, isOver: false };
    try {
      this.stopping.signal.throwIfAborted();
      const change = await this.beat(session);
      this.session = session;
      await this.catchUp(session);
      this.options.onUp(change === 'emptied');
      const { shares, recorded, exchange } = this.options;
      return await Promise.race([
        lost,
        this.keepBeating(session),
        this.orders.send(writer, this.keys, recorded, () => session.isOver).then(() => lost),
        this.read(session),
        shares.counts
          ? this.counts.keepExchanging(writer, { hosts: () => this.hosts, exchange, pause: this.pause })
          : lost,
      ]);
    } finally {
      this.end(session);
      await this.countAlone();
    }
  }

  private end(session: Session | undefined): void {
    if (!session || session.isOver) return;
    session.isOver = true;
    this.bytesBefore += session.writer.bytes() + session.reader.bytes();
    this.session = undefined;
    this.hosts = 1;
    this.orders.interrupt();
    session.writer.close();
    session.reader.close();
  }

  /** Says that this host is there, and whether the server has lost all of its writes, or perhaps the last ones, since it was last asked. */
  private async beat({ writer }: Session): Promise<'emptied' | 'replaced' | undefined> {
    const { host, describe, shares, now } = this.options;
    const own = { run: this.runId, counts: shares.counts, read: this.place?.lastId ?? STREAM_START };
    const about = JSON.stringify({ ...describe(), ...own });
    const askedMs = performance.now();
    const emptied = randomBytes(EPOCH_BYTES).toString('hex');
    const words = [host, about, String(SILENT_MS), emptied];
    const [time, epoch, hosts, history, before] = await replyOf(isBeat, writer.run(BEAT, this.keys.beat, words));
    // By so much at least if it was told at the end of the wait, and by the wait more if at its beginning. What was known may stand in
    // between: half of a long wait would put what is decided next before what it is about.
    const leastMs = Number(time) - now();
    const mostMs = leastMs + performance.now() - askedMs;
    if (!Number.isFinite(leastMs)) throw new Error('the server tells no time');
    this.aheadMs = Math.min(Math.max(this.aheadMs, leastMs), mostMs);
    this.hosts = Math.max(1, hosts);
    const [, run = this.runId] = /"run":"(\w+)"/.exec(before) ?? [];
    if (this.hasBeaten && run !== this.runId) this.twinMs = [this.twinMs[1], performance.now()];
    this.hasBeaten = true;
    const isReplaced = this.history !== undefined && this.history !== history;
    this.history = history;
    const isEmptied = this.place?.epoch !== epoch;
    if (isEmptied) this.place = { epoch, lastId: this.place ? STREAM_START : '' };
    if (isEmptied || isReplaced) this.changes++;
    return isEmptied ? 'emptied' : isReplaced ? 'replaced' : undefined;
  }

  private async keepBeating(session: Session): Promise<never> {
    for (;;) {
      await this.pause(BEAT_MS);
      if (this.isLeaving) continue;
      const change = await this.beat(session);
      if (change) this.options.onUp(change === 'emptied');
    }
  }

  /** What was decided while this host was away, where the stream does not tell all of it. */
  private async catchUp({ reader }: Session): Promise<void> {
    if (!this.place) return;
    const { changes } = this;
    const ends = await readEnds(reader, this.keys);
    const { lastId, epoch } = this.place;
    const isWhole = lastId !== '' && (!ends || (!isBefore(lastId, ends.first) && !isBefore(ends.last, lastId)));
    const { bans } = this.options.shares;
    if (bans && isWhole && this.caughtUp === changes) return;
    for await (const { orders, unknown } of bans ? readAll(reader, this.keys) : []) {
      this.unknown += unknown;
      await this.inbox.put({ orders, place: this.done, isFull: true });
    }
    this.place = { epoch, lastId: ends?.last ?? STREAM_START };
    if (bans) await this.inbox.put({ orders: [], place: this.place, isFull: false });
    await this.inbox.settled();
    this.caughtUp = changes;
  }

  private async read(session: Session): Promise<never> {
    const { shares } = this.options;
    const { reader } = session;
    let watchId = await readWatchEnd(reader, this.keys);
    let waits = false;
    let behindFrom: string | undefined;
    for (;;) {
      if (this.caughtUp < this.changes) await this.catchUp(session);
      const lastId = this.place?.lastId || STREAM_START;
      const [first, heard]: [string | undefined, Heard] = await Promise.all([
        behindFrom !== undefined ? readFirst(reader, this.keys) : undefined,
        readNews(reader, this.keys, lastId, watchId, waits),
      ]);
      // Slower than the others write for so long that the stream has dropped entries which were not read.
      if (first !== undefined && isBefore(behindFrom ?? STREAM_START, first)) this.changes++;
      const wasFull = behindFrom !== undefined;
      behindFrom = heard.isFull ? lastId : undefined;
      // What is there already is read first: an entry that ended the last connection by its size is passed over by that; and after a
      // full read its bans wait to hear whether there are more.
      waits = !heard.isFull && (waits || (heard.lastId === undefined && heard.lastWatchId === undefined));
      watchId = heard.lastWatchId ?? watchId;
      if (shares.counts) this.counts.watch(heard.watched);
      this.unknown += heard.unknown;
      if (!this.place || (heard.lastId === undefined && !wasFull)) continue;
      this.place = { ...this.place, lastId: heard.lastId ?? lastId };
      if (shares.bans) await this.inbox.put({ ...heard, place: this.place });
    }
  }
}
