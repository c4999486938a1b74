/** What `zban doctor` asks the server: is it one that a fleet can rely on? Writes one key and takes it away again. */
import { messageOf } from '../model/coded-error.ts';
import { type Keys, shardOf } from './keys.ts';
import { readClock } from './reply.ts';
import { TRIAL } from './scripts.ts';
import type { Server } from './server.ts';

/** A name that no client has. */
const TRIAL_CLIENT = 'doctor';

export interface ServerFacts {
  /** `redis 7.0.15`, `valkey 8.1.0`. */
  readonly software: string;
  /** Of the protocol and the commands: of Valkey, the Redis that it is compatible with. */
  readonly version: string;
  /** Bytes; 0 is no limit. */
  readonly maxmemory: number;
  readonly usedMemory: number;
  /** `noeviction` keeps what was written. */
  readonly evictionPolicy: string;
}

/** Rejects when the user may not ask. */
export async function readFacts(server: Server, keys: Keys): Promise<ServerFacts> {
  const text = String(await server.command(keys.epoch, ['INFO']));
  const fields = new Map(
    [...text.matchAll(/^([a-z_0-9]+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  const version = fields.get('redis_version') ?? '0';
  const valkey = fields.get('valkey_version');
  return {
    software: valkey === undefined ? `redis ${version}` : `valkey ${valkey}`,
    version,
    maxmemory: Number(fields.get('maxmemory') ?? 0),
    usedMemory: Number(fields.get('used_memory') ?? 0),
    evictionPolicy: fields.get('maxmemory_policy') ?? 'noeviction',
  };
}

/** Milliseconds by which the server's clock is ahead of this host's. */
export async function measureAhead(server: Server, keys: Keys): Promise<number> {
  const before = Date.now();
  const nowMs = await readClock(server, keys.epoch);
  return nowMs - (before + Date.now()) / 2;
}

/** What the user may not do and hosts of a fleet must, in the server's words; undefined when nothing is missing. */
export async function findForbidden(server: Server, keys: Keys): Promise<string | undefined> {
  try {
    // Also where the server has the script already.
    await server.command(keys.trial, ['EVAL', TRIAL.text, '1', keys.trial]);
    await server.run(TRIAL, [keys.trial], []);
    await server.run(TRIAL, [keys.counts(shardOf(TRIAL_CLIENT), TRIAL_CLIENT)], []);
    await server.command(keys.bans, ['XRANGE', keys.bans, '-', '+', 'COUNT', '1']);
    await server.command(keys.bans, ['XREVRANGE', keys.bans, '+', '-', 'COUNT', '1']);
    await server.command(keys.bans, ['XREAD', 'COUNT', '1', 'STREAMS', keys.bans, keys.watch, '$', '$']);
    await server.command(keys.lifted, ['ZREVRANGE', keys.lifted, '0', '0']);
    await server.command(keys.lifted, ['ZSCORE', keys.lifted, '*']);
    await server.command(keys.releases, ['HMGET', keys.releases, 'none']);
    await server.command(keys.details, ['HSCAN', keys.details, '0', 'COUNT', '1']);
    await server.command(keys.hosts, ['HGETALL', keys.hosts]);
    await server.command(keys.hosts, ['HDEL', keys.hosts, '']);
    await server.command(keys.panic, ['GET', keys.panic]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
