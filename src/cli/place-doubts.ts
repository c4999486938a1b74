/** What this host says of the names and places that a configuration has: each may come right before zban starts. */

import { lookup } from 'node:dns/promises';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import type { Config } from '../config/schema.ts';
import { CHAIN_FIX, describeOwner, findRival } from '../control/chain-owner.ts';
import { inTime } from '../host/in-time.ts';
import { HttpListenError, listenOn, parseListen } from '../http/listen.ts';
import { codeOf } from '../model/coded-error.ts';

/** How long a name may take; of one that takes longer nothing is known. */
const NAME_MS = 2000;

/** What keeps zban from listening, writing or reaching its fleet here, with the cure. */
export async function findPlaceDoubts(config: Config): Promise<readonly string[]> {
  const { state, audit, control } = config;
  const places = [
    ['state.database', state.database],
    ['audit.log', audit.log],
    ['control.socket', control.socket],
  ] as const;
  const of = await Promise.all([doubtOfListen(config), doubtsOfFleet(config), doubtOfChain(config)]);
  return [...places.flatMap(([key, path]) => doubtOfFolder(key, path) ?? []), ...of.flat()];
}

async function doubtOfChain(config: Config): Promise<readonly string[]> {
  const owner = await findRival(config);
  return owner ? [`${describeOwner(config.firewall.chain, owner)}: zban does not start beside it; ${CHAIN_FIX}`] : [];
}

/** A port of the system's choice shows whether the address is one of this host; the one that is configured the daemon may have. */
async function doubtOfListen({ http: { listen } }: Config): Promise<readonly string[]> {
  const address = listen === 'off' ? undefined : parseListen(listen);
  if (!address) return [];
  const server = createServer();
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  try {
    await inTime<unknown>(listenOn(server, `${host}:0`), NAME_MS, undefined);
    return [];
  } catch (error) {
    if (!(error instanceof HttpListenError) || error.code !== 'no_such_address') return [];
    return [`http.listen: ${address.host} is no address of this host: zban does not start; use 127.0.0.1, or off`];
  } finally {
    server.close();
  }
}

async function doubtsOfFleet({ fleet }: Config): Promise<readonly string[]> {
  const urls = [fleet?.url ?? []].flat().filter((url) => !url.startsWith('unix:'));
  const hosts = [...new Set(urls.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, '')))];
  const found = hosts.map(async (host) => {
    try {
      await inTime<unknown>(lookup(host), NAME_MS, undefined);
      return [];
    } catch (error) {
      if (codeOf(error) !== 'ENOTFOUND') return [];
      return [`fleet.url: ${host} has no address: this host shares nothing until it has one; correct the name, or DNS`];
    }
  });
  return (await Promise.all(found)).flat();
}

/** Folders that are missing zban makes, where it may. What only its own user knows is not asked of another. */
function doubtOfFolder(key: string, path: string): string | undefined {
  let folder = dirname(path);
  while (folder !== dirname(folder) && !existsSync(folder)) folder = dirname(folder);
  if (!statSync(folder).isDirectory())
    return `${key}: ${folder} is no folder: zban cannot write ${path}; choose another`;
  if (process.geteuid?.() !== 0) return undefined;
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch {
    return `${key}: nobody may write into ${folder}: mount it writable, or choose another`;
  }
}
