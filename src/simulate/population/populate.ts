import { Random } from '../random.ts';
import type { SiteKind } from '../site.ts';
import type { World } from '../world.ts';
import { runEditors } from './editors.ts';
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
}

const MIXES: Readonly<Record<SiteKind, Mix>> = {
  shop: {
    visitors: 0.64,
    offices: 0.06,
    phones: 0.2,
    crawlers: 0.07,
    editors: 0.02,
    feedReaders: 0.01,
    syncClients: 0,
  },
  blog: { visitors: 0.74, offices: 0.06, phones: 0, crawlers: 0.1, editors: 0.06, feedReaders: 0.04, syncClients: 0 },
  api: { visitors: 0.05, offices: 0.01, phones: 0.92, crawlers: 0.02, editors: 0, feedReaders: 0, syncClients: 0 },
  cloud: { visitors: 0.1, offices: 0.02, phones: 0, crawlers: 0.02, editors: 0, feedReaders: 0, syncClients: 0.86 },
};

/** Lets everybody honest come, with `rateRps` requests a second on the mean; monitors, jobs and strangers come on top. */
export function populate(world: World, seed: number, rateRps: number): void {
  const mix = MIXES[world.site.kind];
  runVisitors(world, new Random(seed, 'visitors'), rateRps * mix.visitors);
  runOffices(world, new Random(seed, 'offices'), rateRps * mix.offices);
  runPhones(world, new Random(seed, 'phones'), rateRps * mix.phones);
  runCrawlers(world, new Random(seed, 'crawlers'), rateRps * mix.crawlers);
  runEditors(world, new Random(seed, 'editors'), rateRps * mix.editors);
  runFeedReaders(world, new Random(seed, 'feed readers'), rateRps * mix.feedReaders);
  runSyncClients(world, new Random(seed, 'sync clients'), rateRps * mix.syncClients);
  runStrangers(world, new Random(seed, 'strangers'));
  runMonitors(world, new Random(seed, 'monitors'));
  runHealthChecks(world, new Random(seed, 'health checks'));
  runCron(world, new Random(seed, 'cron'));
  runProbers(world, new Random(seed, 'probers'));
}
