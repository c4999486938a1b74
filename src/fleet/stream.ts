/** What the other hosts said, read from the server: as it comes, or all that is in force after a long absence. */
import { EVERYBODY } from '../share/merge.ts';
import { type Order, parseOrder } from '../share/order.ts';
import type { Keys } from './keys.ts';
import type { Server } from './server.ts';

/** Entries read at once, and how long a read waits for the first one. */
const [READ_COUNT, READ_BLOCK_MS] = [1000, 2000];
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
  /** The last entry of the stream that was read; undefined without a new one. */
  readonly lastId: string | undefined;
  readonly watched: readonly Watched[];
  readonly lastWatchId: string | undefined;
}

type Entry = readonly [id: string, fields: readonly string[]];

/** Waits up to two seconds for news after `lastId` and `lastWatchId`. */
export async function readNews(server: Server, keys: Keys, lastId: string, lastWatchId: string): Promise<Heard> {
  const how = ['COUNT', String(READ_COUNT), 'BLOCK', String(READ_BLOCK_MS)];
  const words = ['XREAD', ...how, 'STREAMS', keys.bans, keys.watch, lastId, lastWatchId];
  const streams = ((await server.command(keys.bans, words, READ_BLOCK_MS + 3000)) ?? []) as [string, Entry[]][];
  const entriesOf = (key: string) => streams.find(([name]) => name === key)?.[1] ?? [];
  const [entries, watches] = [entriesOf(keys.bans), entriesOf(keys.watch)];
  return {
    ...parseEntries(entries.map(([, [, text = '']]) => text)),
    lastId: entries.at(-1)?.[0],
    watched: watches.flatMap(([, [, text = '']]) => parseWatched(text)),
    lastWatchId: watches.at(-1)?.[0],
  };
}

/** Ids of the first and the last entry that the stream holds; undefined for an empty one. */
export async function readEnds(server: Server, keys: Keys): Promise<{ first: string; last: string } | undefined> {
  const [first] = (await server.command(keys.bans, ['XRANGE', keys.bans, '-', '+', 'COUNT', '1'])) as Entry[];
  const [last] = (await server.command(keys.bans, ['XREVRANGE', keys.bans, '+', '-', 'COUNT', '1'])) as Entry[];
  return first && last && { first: first[0], last: last[0] };
}

/** When the first decision after `lastId` was made, epoch milliseconds by the server's clock; undefined where none was. */
export async function findNext(server: Server, keys: Keys, lastId: string): Promise<number | undefined> {
  const words = ['XRANGE', keys.bans, `(${lastId}`, '+', 'COUNT', '1'];
  const [next] = (await server.command(keys.bans, words)) as Entry[];
  return next && Number(next[0].split('-')[0]);
}

/** The id of the last client put on watch: news come after it. */
export async function readWatchEnd(server: Server, keys: Keys): Promise<string> {
  const [last] = (await server.command(keys.watch, ['XREVRANGE', keys.watch, '+', '-', 'COUNT', '1'])) as Entry[];
  return last?.[0] ?? STREAM_START;
}

/** All that is in force: releases first, then what people allowed, bans, and a panic. */
export async function readAll(server: Server, keys: Keys): Promise<Pick<Heard, 'orders' | 'unknown'>> {
  const texts: string[] = [];
  const newest = (await server.command(keys.lifted, [
    'ZREVRANGE',
    keys.lifted,
    '0',
    String(RELEASES_READ - 1),
  ])) as string[];
  for (let at = 0; at < newest.length; at += READ_COUNT) {
    const some = newest.slice(at, at + READ_COUNT);
    const found = (await server.command(keys.releases, ['HMGET', keys.releases, ...some])) as (string | null)[];
    texts.push(...found.flatMap((text) => text ?? []));
  }
  for (const key of [keys.allowed, keys.details]) {
    let cursor = '0';
    do {
      const words = ['HSCAN', key, cursor, 'COUNT', String(READ_COUNT)];
      const [next, pairs] = (await server.command(key, words)) as [string, string[]];
      for (let at = 1; at < pairs.length; at += 2) texts.push(pairs[at] as string);
      cursor = next;
    } while (cursor !== '0');
  }
  const panic = (await server.command(keys.panic, ['GET', keys.panic])) as string | null;
  const { orders, unknown } = parseEntries(panic === null ? texts : [...texts, panic]);
  const last = orders.at(-1);
  if (last?.kind !== 'panic_end') return { orders, unknown };
  // A panic that is over has lifted all bans before it all the same.
  const sinceMs = Number(await server.command(keys.lifted, ['ZSCORE', keys.lifted, '*']));
  const lifts = EVERYBODY.map((target): Order => ({ ...last, kind: 'unban', target, atMs: sinceMs }));
  return { orders: [...lifts, ...orders], unknown };
}

/** True when entry `a` came before entry `b`. */
export function isBefore(a: string, b: string): boolean {
  const [aMs = '0', aCount = '0'] = a.split('-');
  const [bMs = '0', bCount = '0'] = b.split('-');
  return Number(aMs) < Number(bMs) || (aMs === bMs && Number(aCount) < Number(bCount));
}

function parseEntries(texts: readonly string[]): Pick<Heard, 'orders' | 'unknown'> {
  const orders = texts.flatMap((text) => parseOrder(text) ?? []);
  return { orders, unknown: texts.length - orders.length };
}

/** `[[CLIENT, SECONDS], …]`; nothing of what is not that. */
function parseWatched(text: string): Watched[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap((pair: unknown) => {
    const [client, seconds] = Array.isArray(pair) ? pair : [];
    return typeof client === 'string' && typeof seconds === 'number' && seconds > 0 && seconds < 86_400
      ? [{ client, seconds }]
      : [];
  });
}
