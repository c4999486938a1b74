import assert from 'node:assert/strict';
import { BlockList, isIPv6 } from 'node:net';
import { before, describe, test } from 'node:test';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { isAttack } from '../../src/simulate/access-event.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { SiteKind } from '../../src/simulate/site.ts';
import { HOUR_MS, isAsset, NOON_MS, perClientMinute, quantile, requests, simulation, text } from './day.ts';

describe('a simulation is a function of its options', () => {
  test('the same seed gives the same bytes, another seed others', () => {
    const short = { durationMs: 600_000, attack: 'all' };
    const first = text(requests(short));
    assert.equal(text(requests(short)), first);
    assert.notEqual(text(requests({ ...short, seed: 8 })), first);
  });

  test('a longer simulation starts like a shorter one', () => {
    const short = text(requests({ durationMs: 300_000 }));
    assert.ok(text(requests({ durationMs: 600_000 })).startsWith(short));
  });

  test('attacks add requests and change none of the honest ones', () => {
    const quiet = requests({ durationMs: 1_200_000 });
    const attacked = requests({ durationMs: 1_200_000, attack: 'all' });
    assert.ok(attacked.length > quiet.length + 10_000);
    assert.equal(text(attacked.filter(({ from }) => !isAttack(from.role))), text(quiet));
  });

  test('a simulation without end keeps going', () => {
    const events = simulate(simulation({ durationMs: Number.POSITIVE_INFINITY }));
    for (let index = 0; index < 50_000; index++) assert.equal(events.next().done, false);
  });
});

describe('an hour of ordinary traffic', () => {
  let events: AccessEvent[];
  before(() => {
    events = requests({ durationMs: HOUR_MS });
  });

  test('comes in order of time, within the hour', () => {
    let last = NOON_MS;
    for (const { timeMs } of events) {
      assert.ok(Number.isInteger(timeMs) && timeMs >= last && timeMs < NOON_MS + HOUR_MS);
      last = timeMs;
    }
  });

  test('uses only addresses that are routed nowhere', () => {
    const allowed = new BlockList();
    for (const [network, bits] of [
      ['192.0.2.0', 24],
      ['198.51.100.0', 24],
      ['203.0.113.0', 24],
      ['198.18.0.0', 15],
      ['100.64.0.0', 10],
    ] as const)
      allowed.addSubnet(network, bits, 'ipv4');
    allowed.addSubnet('2001:db8::', 32, 'ipv6');
    for (const { from } of [...events, ...requests({ durationMs: 600_000, attack: 'all' })])
      assert.ok(allowed.check(from.ip, isIPv6(from.ip) ? 'ipv6' : 'ipv4'), from.ip);
  });

  test('IPv6 clients show several addresses of one network', () => {
    const addresses = new Map<string, Set<string>>();
    for (const { from } of events) {
      if (!isIPv6(from.ip)) continue;
      const network = new BlockList();
      network.addSubnet(from.client.replace('/64', ''), 64, 'ipv6');
      assert.ok(network.check(from.ip, 'ipv6'), `${from.ip} in ${from.client}`);
      addresses.set(from.client, (addresses.get(from.client) ?? new Set()).add(from.ip));
    }
    assert.ok(addresses.size > 50);
    assert.ok([...addresses.values()].some((hosts) => hosts.size > 1));
  });

  test('is mostly files of pages, with few errors', () => {
    const files = events.filter(isAsset).length / events.length;
    assert.ok(files > 0.45 && files < 0.7, `share of files ${files}`);
    const errors = events.filter(({ status }) => status >= 400 && status < 499).length / events.length;
    assert.ok(errors > 0.003 && errors < 0.03, `share of 4xx ${errors}`);
    assert.ok(events.filter(({ status }) => status === 304).length > events.length * 0.05);
  });

  test('has honest mistakes: a missing picture on many pages, wrong passwords', () => {
    const missing = events.filter(({ path, status }) => status === 404 && path.endsWith('badge-old.png'));
    assert.ok(new Set(missing.map(({ from }) => from.client)).size > 50);
    assert.ok(
      events.some(({ method, path, status }) => method === 'POST' && path.endsWith('/login') && status === 401),
    );
  });

  test('has a heavy tail: half of the clients ask little, a few hundreds of times a minute, and succeed', () => {
    const counts = perClientMinute(events);
    assert.ok(quantile(counts, 0.5) <= 20, `median ${quantile(counts, 0.5)}`);
    assert.ok(quantile(counts, 0.999) >= 80, `99.9 % ${quantile(counts, 0.999)}`);
    const flush = perClientMinute(events.filter(({ from }) => from.role === 'app'));
    assert.ok(quantile(flush, 1) >= 60, `largest flush ${quantile(flush, 1)}`);
  });

  test('every kind of honest client takes part', () => {
    const roles = new Set(events.map(({ from }) => from.role));
    for (const role of [
      'visitor',
      'office',
      'carrier',
      'app',
      'crawler',
      'monitor',
      'feed reader',
      'editor',
      'prober',
    ] as const)
      assert.ok(roles.has(role), role);
  });

  test('many people stand behind an office and a carrier', () => {
    for (const role of ['office', 'carrier'] as const) {
      const shared = events.filter(({ from }) => from.role === role);
      assert.ok(new Set(shared.map(({ from }) => from.ip)).size <= 6);
      assert.ok(new Set(shared.map(({ from }) => from.userAgent)).size > 20, role);
    }
  });
});

test('a day has its mean rate, a quiet night and a busy noon', () => {
  const perHour = new Array<number>(24).fill(0);
  let lines = 0;
  for (const { timeMs } of simulate(
    simulation({ startMs: Date.UTC(2026, 0, 5), durationMs: 24 * HOUR_MS, rateRps: 6 }),
  )) {
    lines++;
    const hour = Math.floor(timeMs / HOUR_MS) % 24;
    perHour[hour] = (perHour[hour] ?? 0) + 1;
  }
  const mean = lines / 86_400;
  assert.ok(mean > 5.2 && mean < 6.8, `mean rate ${mean}`);
  assert.ok((perHour[3] ?? 0) * 2 < (perHour[13] ?? 0));
});

test('speed lets more visits happen, not faster ones', () => {
  const slow = requests({ durationMs: 600_000, rateRps: 4 });
  const fast = requests({ durationMs: 600_000, rateRps: 4, speed: 4 });
  assert.ok(fast.length > slow.length * 2.5 && fast.length < slow.length * 6, `${slow.length} and ${fast.length}`);
  assert.ok(fast.every(({ timeMs }) => timeMs < NOON_MS + 600_000));
});

test('every site has its own people', () => {
  const rolesOf = (site: SiteKind, durationMs = HOUR_MS) =>
    Map.groupBy(requests({ site, durationMs, rateRps: 4 }), ({ from }) => from.role);
  assert.ok(!rolesOf('blog').has('app') && rolesOf('blog').has('editor'));
  const api = rolesOf('api');
  assert.ok((api.get('app')?.length ?? 0) > 10 * (api.get('visitor')?.length ?? 0));
  const synced = rolesOf('cloud').get('sync client') ?? [];
  const methods = new Set(synced.map(({ method }) => method));
  for (const method of ['PROPFIND', 'REPORT', 'GET', 'PUT']) assert.ok(methods.has(method), method);
  const pages = Map.groupBy(
    requests({ site: 'blog', durationMs: HOUR_MS, rateRps: 4 }).filter(({ from }) => from.role === 'visitor'),
    ({ from, timeMs }) => `${from.client} ${Math.floor(timeMs / 60_000)}`,
  );
  assert.ok([...pages.values()].some((own) => own.filter(isAsset).length >= 100));
});

test('a mirror has programs that fetch rare files, some of them missing, and name no page', () => {
  const events = requests({ site: 'mirror', durationMs: HOUR_MS, rateRps: 4 });
  const fetched = events.filter(({ from }) => from.role === 'downloader');
  assert.ok(fetched.length > events.length / 2);
  assert.ok(fetched.every(({ referer }) => referer === ''));
  for (const ending of ['.deb', '.jar', '.ts'])
    assert.ok(
      fetched.some(({ path }) => path.endsWith(ending)),
      ending,
    );
  const missing = fetched.filter(({ status }) => status === 404).length / fetched.length;
  assert.ok(missing > 0.005 && missing < 0.1, String(missing));
});

test('a tab left open is refused by the clock once its session is over', () => {
  const events = requests({ durationMs: 12 * HOUR_MS, rateRps: 0.05 });
  const polls = events.filter(({ path }) => path === '/api/v2/notifications');
  const refused = polls.filter(({ status }) => status === 401);
  assert.ok(refused.length > 200 && polls.length > refused.length);
  const renewals = events.filter(({ path }) => path === '/api/v2/session/renew');
  assert.ok(renewals.every(({ method, status }) => method === 'POST' && status === 401));
  assert.ok(renewals.length > refused.length / 10);
});

test('a class of thirty opens the site from one address within two minutes', () => {
  const events = requests({ durationMs: 5 * HOUR_MS, rateRps: 0.05 });
  const minutes = Map.groupBy(
    events.filter(({ from }) => from.role === 'office'),
    ({ from, timeMs }) => `${from.client} ${Math.floor(timeMs / 120_000)}`,
  );
  const browsers = [...minutes.values()].map((own) => new Set(own.map(({ from }) => from.userAgent)).size);
  assert.ok(Math.max(...browsers) >= 15, String(Math.max(...browsers)));
});
