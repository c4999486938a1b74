/** Honest programs: crawlers, monitors, feed readers and the site's own scheduled jobs. */
import { homeIpv4, machineIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { recur, type World } from '../world.ts';
import { senderAt } from './clients.ts';
import { dynamicRequest } from './requests.ts';

/** No single crawler asks more often than this on average, in requests a second. */
const CRAWLER_RATE_MAX = 0.3;

/** Search engines: a steady walk over all pages from several addresses, few of them gone (404) or unchanged (304). */
export function runCrawlers(world: World, random: Random, rateRps: number): void {
  const count = Math.max(3, Math.ceil(rateRps / (CRAWLER_RATE_MAX / 2)));
  const flat = (): number => 1;
  for (let index = 0; index < count; index++) {
    const from = senderAt(
      machineIpv4(20 + index),
      `Mozilla/5.0 (compatible; ExampleBot${index % 4}/2.1; +https://bot${index % 4}.example/about)`,
      world.site.host,
      'crawler',
    );
    const crawl = (timeMs: number): void => {
      if (random.chance(0.004)) {
        world.send(dynamicRequest(random, from, timeMs, 'GET', '/robots.txt', 200, 410));
        return;
      }
      const page = random.pick(world.site.pages);
      const kind = random.next();
      if (kind < 0.03) world.send(dynamicRequest(random, from, timeMs, 'GET', `${page.path}?old=1`, 404, 5200));
      else if (kind < 0.07) world.send(dynamicRequest(random, from, timeMs, 'GET', `${page.path}/`, 301, 162));
      else if (kind < 0.15) world.send(dynamicRequest(random, from, timeMs, 'GET', page.path, 304, 0));
      else world.send(dynamicRequest(random, from, timeMs, 'GET', page.path, 200, page.bytes));
    };
    // Uneven shares: the first crawler is twice as busy as the mean, the last hardly comes.
    recur(world, random, (rateRps / count) * (2 - (2 * index + 1) / count), crawl, flat);
  }
}

/** An uptime monitor: three places, each once a minute, by the clock. */
export function runMonitors(world: World, random: Random): void {
  for (let place = 0; place < 3; place++) {
    const from = senderAt(machineIpv4(place), 'ExampleUptime/1.23', world.site.host, 'monitor');
    beat(world, random, 60_000, (timeMs) =>
      world.send(
        dynamicRequest(random, from, timeMs, place === 0 ? 'GET' : 'HEAD', '/', 200, place === 0 ? 28_000 : 0),
      ),
    );
  }
}

/** The load balancer in front of the site asks every two seconds whether it is well, the container's keeper every ten. */
export function runHealthChecks(world: World, random: Random): void {
  const checks = [
    { userAgent: 'ExampleBalancer-HealthChecker/2.0', periodMs: 2000 },
    { userAgent: 'kube-probe/1.31', periodMs: 10_000 },
  ];
  for (const [index, { userAgent, periodMs }] of checks.entries()) {
    const from = senderAt(machineIpv4(11 + index), userAgent, world.site.host, 'health check');
    beat(world, random, periodMs, (timeMs) =>
      world.send(dynamicRequest(random, from, timeMs, 'GET', '/healthz', 200, 2)),
    );
  }
}

/** The site's own scheduled jobs, which WordPress starts through its public address. */
export function runCron(world: World, random: Random): void {
  const from = senderAt(
    machineIpv4(10),
    `WordPress/6.4.2; https://${world.site.host}/blog`,
    world.site.host,
    'monitor',
  );
  beat(world, random, 60_000, (timeMs) =>
    world.send(dynamicRequest(random, from, timeMs, 'POST', '/blog/wp-cron.php?doing_wp_cron', 200, 0)),
  );
}

/** Feed readers at people's homes: one request now and then, mostly unchanged. */
export function runFeedReaders(world: World, random: Random, rateRps: number): void {
  recur(world, random, rateRps, (timeMs) => {
    const from = senderAt(
      homeIpv4(random.int(0, 4000)),
      'ExampleReader/3.2 (+https://reader.example/)',
      world.site.host,
      'feed reader',
    );
    const isFresh = random.chance(0.85);
    world.send(dynamicRequest(random, from, timeMs, 'GET', '/blog/feed/', isFresh ? 304 : 200, isFresh ? 0 : 61_000));
  });
}

function beat(world: World, random: Random, periodMs: number, act: (timeMs: number) => void): void {
  const next = (timeMs: number): void => {
    if (timeMs >= world.endMs) return;
    world.wake(timeMs, () => {
      act(timeMs);
      next(timeMs + periodMs + random.int(-200, 200));
    });
  };
  next(world.startMs + random.int(0, periodMs));
}
