/** Who sends requests in a simulation, and how the site answers. */
import type { Sender } from './access-event.ts';
import type { Random } from './random.ts';
import type { Asset } from './site.ts';
import type { World } from './world.ts';

export interface Actor {
  readonly world: World;
  /** What luck decides. */
  readonly random: Random;
  readonly from: Sender;
}

/** Asks for something the backend makes: tens to hundreds of milliseconds. */
export function ask(
  { world, random, from }: Actor,
  timeMs: number,
  method: string,
  path: string,
  status: number,
  responseBytes: number,
  referer = '',
): void {
  const requestMs = Math.min(30_000, Math.round(random.lognormal(60, 0.9)));
  // Three requests in a thousand are given up by their clients (nginx logs 499 and no body).
  const isGivenUp = status === 200 && random.chance(0.003);
  const answer = isGivenUp ? { status: 499, responseBytes: 0 } : { status, responseBytes };
  world.send({ timeMs, from, method, path, ...answer, requestMs, referer });
}

/** Fetches a file that nginx serves itself. */
export function fetchFile(
  { world, random, from }: Actor,
  timeMs: number,
  { path, bytes }: Asset,
  status: 200 | 206 | 304 = 200,
  referer = '',
): void {
  const responseBytes = status === 304 ? 0 : bytes;
  const requestMs = random.chance(0.9) ? 0 : random.int(1, 400);
  world.send({ timeMs, from, method: 'GET', path, status, responseBytes, requestMs, referer });
}
