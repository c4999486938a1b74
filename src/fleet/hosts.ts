/** Who is in the fleet, as the hosts say themselves. */
import type { FleetHost } from '../model/fleet.ts';
import type { Keys } from './keys.ts';
import { SILENT_MS } from './link.ts';
import type { Server } from './server.ts';
import { isBefore, readEnds } from './stream.ts';

/** Every host that was heard of within the last day, by name. */
export async function readHosts(server: Server, keys: Keys): Promise<FleetHost[]> {
  const ends = await readEnds(server, keys);
  const [seconds = '0', micros = '0'] = (await server.command(keys.hosts, ['TIME'])) as string[];
  const nowMs = Number(seconds) * 1000 + Number(micros) / 1000;
  const pairs = (await server.command(keys.hosts, ['HGETALL', keys.hosts])) as string[];
  const hosts: FleetHost[] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const host = readHost(pairs[at] as string, pairs[at + 1] as string, nowMs, ends?.last);
    if (host) hosts.push(host);
  }
  return hosts.sort((a, b) => (a.host < b.host ? -1 : 1));
}

/** `SINCE_MS {…}`; undefined for what is not that. */
function readHost(host: string, text: string, nowMs: number, lastId: string | undefined): FleetHost | undefined {
  const [, seen, json = ''] = /^(\d+) (.*)$/s.exec(text) ?? [];
  let about: Record<string, unknown>;
  try {
    about = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const silentMs = nowMs - Number(seen);
  const read = typeof about['read'] === 'string' ? about['read'] : '0-0';
  const lagMs = lastId !== undefined && isBefore(read, lastId) ? nowMs - Number(read.split('-')[0]) : 0;
  const number = (key: string) => (typeof about[key] === 'number' ? (about[key] as number) : 0);
  return {
    host,
    version: String(about['version'] ?? '–'),
    mode: String(about['mode'] ?? '–'),
    silent_seconds: Math.max(0, Math.round(silentMs / 1000)),
    live: silentMs < SILENT_MS,
    lag_seconds: Math.max(0, Math.round(Math.min(lagMs, nowMs) / 100) / 10),
    bans: number('bans'),
    watched: number('watched'),
    bytes_per_second: number('bytes'),
    clock_ahead_seconds: number('ahead'),
  };
}

/** Takes a host out. */
export async function removeHost(server: Server, keys: Keys, host: string): Promise<void> {
  await server.command(keys.hosts, ['HDEL', keys.hosts, host]);
}
