import { Random } from '../random.ts';
import type { SiteKind } from '../site.ts';
import type { World } from '../world.ts';
import { runDownloaders } from './downloaders.ts';
import { runEditors } from './editors.ts';
import { runIdleTabs } from './idle-tabs.ts';
import { runCrawlers, runCron, runFeedReaders, runHealthChecks, runMonitors } from './machines.ts';
import { runOffices } from './offices.ts';
import { runPhones } from './phones.ts';
import { runProbers } from './probers.ts';
import { runStrangers } from './strangers.ts';
import { runSyncClients } from './sync-clients.ts';
import { runVisitors } from './visitors.ts';

/** Shares of the honest requests by kind of client. */
interface Mix {
  readonly visitors: number;
  readonly offices: number;
  readonly phones: number;
  readonly crawlers: number;
  readonly editors: number;
  readonly feedReaders: number;
  readonly syncClients: number;
  readonly downloaders: number;
}

const NOBODY: Mix = {
  ...{ visitors: 0, offices: 0, phones: 0, crawlers: 0, editors: 0, feedReaders: 0, syncClients: 0, downloaders: 0 },
};

const MIXES: Readonly<Record<SiteKind, Mix>> = {
  shop: { ...NOBODY, visitors: 0.64, offices: 0.06, phones: 0.2, crawlers: 0.07, editors: 0.02, feedReaders: 0.01 },
  blog: { ...NOBODY, visitors: 0.74, offices: 0.06, crawlers: 0.1, editors: 0.06, feedReaders: 0.04 },
  api: { ...NOBODY, visitors: 0.05, offices: 0.01, phones: 0.92, crawlers: 0.02 },
  cloud: { ...NOBODY, visitors: 0.1, offices: 0.02, crawlers: 0.02, syncClients: 0.86 },
  mirror: { ...NOBODY, visitors: 0.1, offices: 0.01, crawlers: 0.04, downloaders: 0.85 },
};

/** Lets everybody honest come, with `rateRps` requests a second on the mean; programs that ask by the clock come on top. */
export function populate(world: World, seed: number, rateRps: number): void {
  const mix = MIXES[world.site.kind];
  runVisitors(world, new Random(seed, 'visitors'), rateRps * mix.visitors);
  runOffices(world, new Random(seed, 'offices'), rateRps * mix.offices);
  runPhones(world, new Random(seed, 'phones'), rateRps * mix.phones);
  runCrawlers(world, new Random(seed, 'crawlers'), rateRps * mix.crawlers);
  runEditors(world, new Random(seed, 'editors'), rateRps * mix.editors);
  runFeedReaders(world, new Random(seed, 'feed readers'), rateRps * mix.feedReaders);
  runSyncClients(world, new Random(seed, 'sync clients'), rateRps * mix.syncClients);
  runDownloaders(world, new Random(seed, 'downloaders'), rateRps * mix.downloaders);
  runIdleTabs(world, new Random(seed, 'idle tabs'));
  runStrangers(world, new Random(seed, 'strangers'));
  runMonitors(world, new Random(seed, 'monitors'));
  runHealthChecks(world, new Random(seed, 'health checks'));
  runCron(world, new Random(seed, 'cron'));
  runProbers(world, new Random(seed, 'probers'));
}
