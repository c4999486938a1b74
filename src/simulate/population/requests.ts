/** How the site answers: the shapes of requests that several actors send. */
import type { AccessEvent, Sender } from '../access-event.ts';
import type { Random } from '../random.ts';
import type { Asset } from '../site.ts';

/** A request for something the backend makes: tens to hundreds of milliseconds. */
export function dynamicRequest(
  random: Random,
  from: Sender,
  timeMs: number,
  method: string,
  path: string,
  status: number,
  responseBytes: number,
  referer = '',
): AccessEvent {
  const requestMs = Math.min(30_000, Math.round(random.lognormal(60, 0.9)));
  // Three requests in a thousand are given up by their clients (nginx logs 499 and no body).
  const isGivenUp = status === 200 && random.chance(0.003);
  return {
    timeMs,
    from,
    method,
    path,
    status: isGivenUp ? 499 : status,
    responseBytes: isGivenUp ? 0 : responseBytes,
    requestMs,
    referer,
  };
}

/** A request for a file that nginx serves itself. */
export function assetRequest(
  random: Random,
  from: Sender,
  timeMs: number,
  asset: Asset,
  status: 200 | 206 | 304,
  referer: string,
): AccessEvent {
  return {
    timeMs,
    from,
    method: 'GET',
    path: asset.path,
    status,
    responseBytes: status === 304 ? 0 : asset.bytes,
    requestMs: random.chance(0.9) ? 0 : random.int(1, 400),
    referer,
  };
}
