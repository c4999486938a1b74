/** Honest programs: crawlers, monitors, feed readers and the site's own scheduled jobs. */
import { ask } from '../actor.ts';
import { homeIpv4, machineIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { browserAgent } from '../user-agents.ts';
import { beat, recur, repeat, type World } from '../world.ts';
import { atAddress } from './clients.ts';

/** No single crawler asks more often than this on average, in requests a second. */
const CRAWLER_RATE_MAX = 0.3;
/** Milliseconds by which what asks by the clock is early or late. */
const JITTER_MS = 200;

/** Search engines: a steady walk over all pages from several addresses, few of them gone (404) or unchanged (304). */
export function runCrawlers(world: World, random: Random, rateRps: number): void {
  const count = Math.max(3, Math.ceil(rateRps / (CRAWLER_RATE_MAX / 2)));
  const flat = (): number => 1;
  for (let index = 0; index < count; index++) {
    const bot = index % 4;
    const userAgent = `Mozilla/5.0 (compatible; ExampleBot${bot}/2.1; +https://bot${bot}.example/about)`;
    const crawler = atAddress(world, random, machineIpv4(20 + index), userAgent, 'crawler');
    const crawl = (timeMs: number): void => {
      if (random.chance(0.004)) {
        ask(crawler, timeMs, 'GET', '/robots.txt', 200, 410);
        return;
      }
      const page = random.pick(world.site.pages);
      const kind = random.next();
      if (kind < 0.03) ask(crawler, timeMs, 'GET', `${page.path}?old=1`, 404, 5200);
      else if (kind < 0.07) ask(crawler, timeMs, 'GET', `${page.path}/`, 301, 162);
      else if (kind < 0.15) ask(crawler, timeMs, 'GET', page.path, 304, 0);
      else ask(crawler, timeMs, 'GET', page.path, 200, page.bytes);
    };
    // Uneven shares: the first crawler is twice as busy as the mean, the last hardly comes.
    recur(world, random, (rateRps / count) * (2 - (2 * index + 1) / count), crawl, flat);
  }
}

/** Four walks a day. */
const WALKS_PER_SECOND = 1 / 21_600;

/** A crawler that calls itself a browser but is gentle: a page every 15 to 30 seconds, an hour or two long, few of them gone. */
export function runStrangers(world: World, random: Random): void {
  recur(world, random, WALKS_PER_SECOND, (timeMs) => {
    const stranger = atAddress(world, random, machineIpv4(random.int(200, 229)), browserAgent(random), 'stranger');
    let left = random.int(100, 300);
    repeat(world, timeMs, (atMs) => {
      const page = random.pick(world.site.pages);
      if (random.chance(0.04)) ask(stranger, atMs, 'GET', `${page.path}-old`, 404, 5200);
      else ask(stranger, atMs, 'GET', page.path, 200, page.bytes);
      return --left <= 0 ? undefined : atMs + random.int(15_000, 30_000);
    });
  });
}

/** An uptime monitor: three places, each once a minute, by the clock. */
export function runMonitors(world: World, random: Random): void {
  for (let place = 0; place < 3; place++) {
    const monitor = atAddress(world, random, machineIpv4(place), 'ExampleUptime/1.23', 'monitor');
    const [method, bytes] = place === 0 ? ['GET', 28_000] : ['HEAD', 0];
    beat(world, random, 60_000, JITTER_MS, (timeMs) => ask(monitor, timeMs, method, '/', 200, bytes));
  }
}

/** The load balancer in front of the site asks every two seconds whether it is well, the container's keeper every ten. */
export function runHealthChecks(world: World, random: Random): void {
  const checks = [
    { userAgent: 'ExampleBalancer-HealthChecker/2.0', periodMs: 2000 },
    { userAgent: 'kube-probe/1.31', periodMs: 10_000 },
  ];
  for (const [index, { userAgent, periodMs }] of checks.entries()) {
    const check = atAddress(world, random, machineIpv4(11 + index), userAgent, 'health check');
    beat(world, random, periodMs, JITTER_MS, (timeMs) => ask(check, timeMs, 'GET', '/healthz', 200, 2));
  }
}

/** The site's own scheduled jobs, which WordPress starts through its public address. */
export function runCron(world: World, random: Random): void {
  const userAgent = `WordPress/6.4.2; https://${world.site.host}/blog`;
  const cron = atAddress(world, random, machineIpv4(10), userAgent, 'monitor');
  beat(world, random, 60_000, JITTER_MS, (timeMs) =>
    ask(cron, timeMs, 'POST', '/blog/wp-cron.php?doing_wp_cron', 200, 0),
  );
}

/** Feed readers at people's homes: one request now and then, mostly unchanged. */
export function runFeedReaders(world: World, random: Random, rateRps: number): void {
  const userAgent = 'ExampleReader/3.2 (+https://reader.example/)';
  recur(world, random, rateRps, (timeMs) => {
    const reader = atAddress(world, random, homeIpv4(random.int(0, 4000)), userAgent, 'feed reader');
    const isFresh = random.chance(0.85);
    ask(reader, timeMs, 'GET', '/blog/feed/', isFresh ? 304 : 200, isFresh ? 0 : 61_000);
  });
}
