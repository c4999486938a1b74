/** Who is in the fleet, as the hosts say themselves. */
import type { FleetHost } from '../model/fleet.ts';
import { isNumber, isRecord, isText, parseJson } from '../model/shape.ts';
import { isHost } from '../share/order.ts';
import type { Keys } from './keys.ts';
import { SILENT_MS } from './link.ts';
import { isTexts, readClock, replyOf } from './reply.ts';
import type { Server } from './server.ts';
import { findNext, STREAM_START } from './stream.ts';

/** Longest version or mode that is shown: anyone who may write to the server may have written it. */
const WORD_LENGTH_MAX = 20;

/** Every host that was heard of within the last day, by name. */
export async function readHosts(server: Server, keys: Keys): Promise<FleetHost[]> {
  const nowMs = await readClock(server, keys.hosts);
  const pairs = await replyOf(isTexts, server.read([keys.hosts], ['HGETALL', keys.hosts]));
  const beats: Beat[] = [];
  for (let at = 0; at < pairs.length; at += 2) beats.push(...parseBeat(pairs[at], pairs[at + 1]));
  const hosts = await Promise.all(
    beats.map(async (beat) => describe(beat, nowMs, await findNext(server, keys, beat.read))),
  );
  return hosts.sort((a, b) => (a.host < b.host ? -1 : 1));
}

/** What a host said last. */
interface Beat {
  readonly host: string;
  /** By the server's clock. */
  readonly seenMs: number;
  /** The last decision that it had read then. */
  readonly read: string;
  readonly about: Readonly<Record<string, unknown>>;
}

/** `SEEN_MS {…}`; nothing of what is not that. */
function parseBeat(host = '', text = ''): Beat[] {
  const [, seen, json = ''] = /^(\d+) (.*)$/s.exec(text) ?? [];
  if (!isHost(host)) return [];
  const about = parseJson(json, isRecord);
  return about ? [{ host, seenMs: Number(seen), read: isId(about['read']) ? about['read'] : STREAM_START, about }] : [];
}

const isId = (value: unknown): value is string => isText(value) && /^\d+-\d+$/.test(value);

function describe({ host, seenMs, about }: Beat, nowMs: number, nextMs: number | undefined): FleetHost {
  const silentMs = nowMs - seenMs;
  const live = silentMs < SILENT_MS;
  // A live host has read on since it said so.
  const lagMs = nextMs === undefined ? 0 : (live ? seenMs : nowMs) - nextMs;
  const number = (key: string) => (isNumber(about[key]) ? about[key] : 0);
  const word = (key: string) => String(about[key] ?? '–').slice(0, WORD_LENGTH_MAX);
  return {
    host,
    version: word('version'),
    mode: word('mode'),
    silent_seconds: Math.max(0, Math.round(silentMs / 1000)),
    live,
    lag_seconds: Math.max(0, Math.round(lagMs / 100) / 10),
    bans: number('bans'),
    pending: number('pending'),
    watched: number('watched'),
    bytes_per_second: number('bytes'),
    clock_ahead_seconds: number('ahead'),
  };
}
