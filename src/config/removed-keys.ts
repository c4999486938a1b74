/**
 * Keys that earlier versions had. A configuration that still has one is as good as ever: the key is ignored with a warning, so
 * that no upgrade keeps zban from starting.
 */

import { isRecord } from '../model/shape.ts';
import type { Finding } from './explain-issue.ts';
import { formatKeyPath, type KeyPath } from './problem.ts';

const DELIVERY = {
  timeout: 'a delivery may take 10s',
  digest_over: 'more than 5 messages of one kind within 30s become one; min_severity sends fewer',
  digest_window: 'it is 30s',
  queue_max: '1,000 messages are kept while the service is away',
};

const FIXED = 'it is fixed; sensitivity moves all limits together';

/** Of version 0.1's three rules, by what took their places, and its other figures. */
const POINTS = {
  surprise: 'detection.points.scan took its place',
  repetition: 'detection.points.brute_force took its place',
  work: 'detection.points.scrape and detection.points.flood took its place',
  ...{ known_clients: FIXED, robot: FIXED, browser: FIXED, browser_assets: FIXED },
  ...{ memory: FIXED, warmup: FIXED, warmup_times: FIXED },
};

const under = (section: string, keys: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(keys).map(([key, instead]) => [`${section}.${key}`, instead]);

/** By its path, a section's with everything in it: what holds instead. */
export const REMOVED_KEYS: ReadonlyMap<string, string> = new Map([
  ['source', 'logs are looked at every 20ms while lines come, globs every second, lines may have 64 KiB'],
  ...under('detection.points', POINTS),
  ...under('bans', {
    allowlist_resolve: 'host names are looked up every 5m',
    fuse_hold: 'the fuse stays tripped for 10m; zban fuse reset ends it',
    max_share_min_bans: 'it is 10; bans.max_share: 1 turns the share off',
  }),
  ['swarm.honest_share', 'it is 0.001'],
  ['http.actions', 'people act from the dashboard where http.token_file names their tokens, and nowhere else'],
  ['fleet.kind', 'a list in fleet.url is a Cluster, and with fleet.master it has Sentinels'],
  ['log_level', 'the journal has every line, each with its level'],
  ['state.checkpoint', 'positions are saved every second'],
  ['audit.log_bytes_max', 'the log rotates at 20 MB; audit.log_keep says how many old ones are kept'],
  ...['slack', 'webhook[]', 'email'].flatMap((channel) => under(`notify.${channel}`, DELIVERY)),
]);

/** A configuration without the keys that were removed, and a warning for each that it had. */
export function takeOutRemoved<T>(value: T, path: KeyPath = []): { readonly value: T; readonly found: Finding[] } {
  const found: Finding[] = [];
  const clean = (inner: unknown, step: string | number): unknown => {
    const taken = takeOutRemoved(inner, [...path, step]);
    found.push(...taken.found);
    return taken.value;
  };
  if (Array.isArray(value)) return { value: value.map(clean) as T, found };
  if (!isRecord(value)) return { value, found };
  const kept: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    const place = [...path, key];
    const instead = REMOVED_KEYS.get(formatKeyPath(place).replace(/\[\d+\]/g, '[]'));
    if (instead === undefined) kept.push([key, clean(inner, key)]);
    else
      found.push({
        path: place,
        message: `was removed and is ignored: ${instead}`,
        hint: 'delete it',
        showReceived: false,
      });
  }
  return { value: Object.fromEntries(kept) as T, found };
}
