/** What the other hosts said, read from the server: as it comes, or all that is in force after a long absence. */
import { isAnything, isList, isNumber, isText, isTuple, parseJson } from '../model/shape.ts';
import { EVERYBODY } from '../share/merge.ts';
import type { Order } from '../share/order.ts';
import { parseOrder } from './entry.ts';
import type { Keys } from './keys.ts';
import { isEntries, isScan, isStreams, isTextOrNull, isTexts, replyOf } from './reply.ts';
import { MARK, STREAM_MARK } from './scripts.ts';
import { ANSWER_MS, type Server } from './server.ts';

/** Entries read at once, and how long a read waits for the first one. */
const [READ_COUNT, READ_BLOCK_MS] = [2000, 2000];
/** Releases that are read at a start, the newest. */
const RELEASES_READ = 10_000;
export const STREAM_START = '0-0';

/** A client that was put on watch, and for how long. */
export interface Watched {
  readonly client: string;
  readonly seconds: number;
}

/** What one read gave. */
export interface Heard {
  readonly orders: readonly Order[];
  /** Entries of another version, and what is no entry at all. */
  readonly unknown: number;
  /** There were as many as one read takes: more may wait. */
  readonly isFull: boolean;
  /** The last entry of the stream that was read; undefined without a new one. */
  readonly lastId: string | undefined;
  readonly watched: readonly Watched[];
  readonly lastWatchId: string | undefined;
}

/**
 * News after `lastId` and `lastWatchId`: those that are there, or, while `waits`, those that come within two seconds. Entries that came
 * meanwhile are as long as their writer liked.
 */
export async function readNews(
  server: Server,
  keys: Keys,
  lastId: string,
  lastWatchId: string,
  waits = false,
): Promise<Heard> {
  const of = [keys.bans, keys.watch];
  const words = ['STREAMS', ...of, lastId, lastWatchId];
  const some = ['XREAD', 'COUNT', String(READ_COUNT)];
  const answer = waits
    ? server.command(keys.bans, [...some, 'BLOCK', String(READ_BLOCK_MS), ...words], READ_BLOCK_MS + ANSWER_MS)
    : server.read(of, [...some, ...words]);
  const streams = (await replyOf(isStreams, answer)) ?? [];
  const entriesOf = (key: string) => streams.find(([name]) => name === key)?.[1] ?? [];
  const [entries, watches] = [entriesOf(keys.bans), entriesOf(keys.watch)];
  return {
    ...parseEntries(entries.filter(([, [field]]) => field !== STREAM_MARK).map(([, fields]) => fields[1] ?? '')),
    isFull: entries.length === READ_COUNT,
    lastId: entries.at(-1)?.[0],
    watched: watches.flatMap(([, [, text = '']]) => parseWatched(text)),
    lastWatchId: watches.at(-1)?.[0],
  };
}

/** The id of the first entry that the stream holds; undefined for an empty one. */
export async function readFirst(server: Server, keys: Keys): Promise<string | undefined> {
  return readOne(server, 'XRANGE', keys.bans, '-', '+');
}

/** Ids of the first and the last entry that the stream holds; undefined for an empty one. */
export async function readEnds(server: Server, keys: Keys): Promise<{ first: string; last: string } | undefined> {
  const first = await readFirst(server, keys);
  const last = await readOne(server, 'XREVRANGE', keys.bans, '+', '-');
  return first !== undefined && last !== undefined ? { first, last } : undefined;
}

/** The id of the first entry of a range; undefined where there is none. */
async function readOne(server: Server, command: 'XRANGE' | 'XREVRANGE', key: string, from: string, to: string) {
  const [entry] = await replyOf(isEntries, server.read([key], [command, key, from, to, 'COUNT', '1']));
  return entry?.[0];
}

/** The first of these targets whose ban is in force at `nowMs`, by the server's clock. Everything is asked before this returns. */
export async function findActive(
  server: Server,
  keys: Keys,
  targets: readonly string[],
  nowMs: number,
): Promise<string | undefined> {
  const asked = targets.map((target) => server.command(keys.active, ['ZSCORE', keys.active, target]));
  const ends = await Promise.all(asked);
  return targets.find((_, at) => ends[at] === 'inf' || Number(ends[at]) > nowMs);
}

/** When the first decision after `lastId` was made, epoch milliseconds by the server's clock; undefined where none was. */
export async function findNext(server: Server, keys: Keys, lastId: string): Promise<number | undefined> {
  const next = await readOne(server, 'XRANGE', keys.bans, `(${lastId}`, '+');
  return next === undefined ? undefined : Number(next.split('-')[0]);
}

/** The id of the last client put on watch: news come after it. */
export async function readWatchEnd(server: Server, keys: Keys): Promise<string> {
  return (await readOne(server, 'XREVRANGE', keys.watch, '+', '-')) ?? STREAM_START;
}

/** All that is in force, some of it at a time: releases first, then what people allowed, bans, and a panic. */
export async function* readAll(server: Server, keys: Keys): AsyncGenerator<Pick<Heard, 'orders' | 'unknown'>> {
  const read = (key: string, ...words: string[]) => server.read([key], [words[0] ?? '', key, ...words.slice(1)]);
  const text = await replyOf(isTextOrNull, read(keys.panic, 'GET'));
  const panic = parseEntries(text === null ? [] : [text]);
  const [last] = panic.orders;
  if (last?.kind === 'panic_end') {
    // It has lifted all bans before it all the same.
    const sinceMs = Number(await read(keys.lifted, 'ZSCORE', '*'));
    const lift = { ...last, kind: 'unban', atMs: sinceMs } as const;
    yield { orders: EVERYBODY.map((target) => ({ ...lift, target })), unknown: 0 };
  }
  const newest = await replyOf(isTexts, read(keys.lifted, 'ZREVRANGE', '0', String(RELEASES_READ)));
  const targets = newest.filter((target) => target !== MARK);
  for (let at = 0; at < targets.length; at += READ_COUNT) {
    const some = targets.slice(at, at + READ_COUNT);
    const found = await replyOf(isList(isTextOrNull), read(keys.releases, 'HMGET', ...some));
    yield parseEntries(found.flatMap((text) => text ?? []));
  }
  for (const key of [keys.allowed, keys.details]) {
    let cursor = '0';
    do {
      const [next, pairs] = await replyOf(isScan, read(key, 'HSCAN', cursor, 'COUNT', String(READ_COUNT)));
      yield parseEntries(pairs.filter((_, at) => at % 2 === 1 && pairs[at - 1] !== MARK));
      cursor = next;
    } while (cursor !== '0');
  }
  yield panic;
}

/** True when entry `a` came before entry `b`. */
export function isBefore(a: string, b: string): boolean {
  const [aMs = '0', aCount = '0'] = a.split('-');
  const [bMs = '0', bCount = '0'] = b.split('-');
  return Number(aMs) < Number(bMs) || (aMs === bMs && Number(aCount) < Number(bCount));
}

function parseEntries(texts: readonly string[]): Pick<Heard, 'orders' | 'unknown'> {
  const orders = texts.map(parseOrder).filter((order) => order !== undefined);
  return { orders, unknown: texts.length - orders.length };
}

/** `[[CLIENT, SECONDS], …]`; nothing of what is not that. */
function parseWatched(text: string): Watched[] {
  const pairs = parseJson(text, isList(isAnything)) ?? [];
  return pairs
    .filter(isTuple(isText, isNumber))
    .flatMap(([client, seconds]) => (seconds > 0 && seconds < 86_400 ? [{ client, seconds }] : []));
}
