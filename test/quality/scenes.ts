/** The situations that the default profile is measured in. */
import type { SiteKind } from '../../src/simulate/site.ts';
import type { Incident } from './incidents.ts';

export interface Scene {
  readonly name: string;
  readonly site: SiteKind;
  /** Honest requests a second, mean over the day. */
  readonly rateRps: number;
  readonly hours: number;
  readonly seeds: readonly number[];
  /** As `zban simulate --attacks` reads it. */
  readonly attacks: string;
  readonly incidents?: readonly Incident[];
  /** What was measured with the first seed when it was last committed. */
  readonly measured: Measured;
}

/** Attackers found; clients wrongly banned; delays of the loud attackers' bans in seconds. */
export interface Measured {
  readonly loud: number;
  readonly moderate: number;
  readonly falseBans: number;
  readonly delayMedian: number;
  readonly delay90: number;
}

const HOUR_MS = 3_600_000;

/** Every attack, loud, moderate and slow, from an address of its own, an IPv6 network or behind a carrier. */
const ATTACKS = [
  ...['flood', 'flood6+5m*0.02', 'flood+20m*0.006', 'rare-flood', 'rare-flood6+10m*0.1', 'post-flood', 'post-flood6'],
  ...['ramp+1h', 'scanner', 'scanner6', 'scanner:carrier', 'masked-scan', 'redirect-scan', 'redirect-scan6'],
  ...['slow-scan+20m*8', 'slow-scan6+10m*16', 'slow-scan', 'login', 'login6', 'login:carrier', 'login+20m*0.1'],
  ...['xmlrpc', 'xmlrpc6+20m*0.1', 'login*0.02', 'api-scrape', 'api-scrape*0.3', 'harvest', 'harvest6*0.5'],
].join(',');

/** The backend is down, twice; a deploy forgets the static files; the log has a hole. */
const TROUBLE: readonly Incident[] = [
  { kind: 'outage', atMs: 2 * HOUR_MS, durationMs: 600_000 },
  { kind: 'broken deploy', atMs: 5 * HOUR_MS, durationMs: 600_000 },
  { kind: 'gap', atMs: 6 * HOUR_MS, durationMs: 1.5 * HOUR_MS },
  { kind: 'outage', atMs: 8 * HOUR_MS, durationMs: 60_000 },
];

const ATTACKS_IN_TROUBLE = [
  ...['flash-crowd@3h', 'scanner@8h40m', 'login@9h', 'flood@9h20m', 'distributed@9h40m+2m', 'distributed-near@10h+2m'],
  ...['distributed-random@10h20m+2m', 'rare-flood@11h', 'scanner6@11h10m'],
].join(',');

export const SCENES: readonly Scene[] = [
  {
    ...{ name: 'busy shop', site: 'shop', rateRps: 10, hours: 12, seeds: [1, 2], attacks: ATTACKS },
    measured: { loud: 22, moderate: 2, falseBans: 0, delayMedian: 23, delay90: 247 },
  },
  {
    ...{ name: 'blog', site: 'blog', rateRps: 2, hours: 48, seeds: [1, 2], attacks: ATTACKS },
    measured: { loud: 22, moderate: 3, falseBans: 0, delayMedian: 23, delay90: 96 },
  },
  {
    ...{ name: 'almost idle blog', site: 'blog', rateRps: 0.03, hours: 120, seeds: [1, 2], attacks: ATTACKS },
    measured: { loud: 22, moderate: 3, falseBans: 0, delayMedian: 23, delay90: 83 },
  },
  {
    ...{ name: "an app's API", site: 'api', rateRps: 6, hours: 16, seeds: [1, 2], attacks: ATTACKS },
    measured: { loud: 22, moderate: 2, falseBans: 0, delayMedian: 23, delay90: 246 },
  },
  {
    ...{ name: 'private cloud', site: 'cloud', rateRps: 2, hours: 24, seeds: [1, 2, 3], attacks: ATTACKS },
    measured: { loud: 22, moderate: 2, falseBans: 0, delayMedian: 23, delay90: 184 },
  },
  {
    ...{ name: 'mirror', site: 'mirror', rateRps: 5, hours: 24, seeds: [1, 2], attacks: ATTACKS },
    measured: { loud: 22, moderate: 3, falseBans: 0, delayMedian: 23, delay90: 94 },
  },
  {
    ...{ name: 'shop in trouble', site: 'shop', rateRps: 6, hours: 12, seeds: [1, 2, 3], incidents: TROUBLE },
    attacks: ATTACKS_IN_TROUBLE,
    measured: { loud: 5, moderate: 0, falseBans: 0, delayMedian: 1, delay90: 8 },
  },
];
