import { Random } from '../random.ts';
import type { SiteKind } from '../site.ts';
import type { World } from '../world.ts';
import { runDownloaders } from './downloaders.ts';
import { runEditors } from './editors.ts';
import { runIdleTabs } from './idle-tabs.ts';
import { runCrawlers, runCron, runFeedReaders, runHealthChecks, runMonitors, runStrangers } from './machines.ts';
import { runOffices } from './offices.ts';
import { runPhones } from './phones.ts';
import { runProbers } from './probers.ts';
import { runSyncClients } from './sync-clients.ts';
import { runVisitors } from './visitors.ts';

/** Who comes by how much traffic there is. */
const CROWDS = {
  ...{ visitors: runVisitors, offices: runOffices, phones: runPhones, crawlers: runCrawlers, editors: runEditors },
  ...{ 'feed readers': runFeedReaders, 'sync clients': runSyncClients, downloaders: runDownloaders },
};

/** Who comes however small the site is. */
const STEADY = {
  ...{ 'idle tabs': runIdleTabs, strangers: runStrangers, monitors: runMonitors, 'health checks': runHealthChecks },
  ...{ cron: runCron, probers: runProbers },
};

/** Shares of the honest requests by kind of client. */
const MIXES: Readonly<Record<SiteKind, { readonly [Crowd in keyof typeof CROWDS]?: number }>> = {
  shop: { visitors: 0.64, offices: 0.06, phones: 0.2, crawlers: 0.07, editors: 0.02, 'feed readers': 0.01 },
  blog: { visitors: 0.74, offices: 0.06, crawlers: 0.1, editors: 0.06, 'feed readers': 0.04 },
  api: { visitors: 0.05, offices: 0.01, phones: 0.92, crawlers: 0.02 },
  cloud: { visitors: 0.1, offices: 0.02, crawlers: 0.02, 'sync clients': 0.86 },
  mirror: { visitors: 0.1, offices: 0.01, crawlers: 0.04, downloaders: 0.85 },
};

/** Lets everybody honest come, with `rateRps` requests a second on the mean; programs that ask by the clock come on top. */
export function populate(world: World, seed: number, rateRps: number): void {
  const mix: Readonly<Record<string, number>> = MIXES[world.site.kind];
  for (const [name, run] of Object.entries(CROWDS)) run(world, new Random(seed, name), rateRps * (mix[name] ?? 0));
  for (const [name, run] of Object.entries(STEADY)) run(world, new Random(seed, name));
}
