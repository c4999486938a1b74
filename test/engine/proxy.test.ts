import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeProtection } from '../../src/english/refusal.ts';
import { Bench } from '../support/engine.ts';
import { logLine, START, visitorIp } from '../support/traffic.ts';
import { ATTACKER, calm, flood, keyOf } from './story.ts';

/** `minutes` of three requests a second, of which `share` come from `ip`, with `agents` user agents. */
function proxied(from: number, minutes: number, ip: string, share: number, agents: number): string[] {
  return Array.from({ length: minutes * 180 }, (_, n) => {
    const own = n % 10 < share * 10;
    return logLine(
      from + Math.floor(n / 3),
      own ? ip : visitorIp(n % 40),
      `/page/${n % 20}`,
      200,
      `Agent/${n % agents}`,
    );
  });
}

const PRIVATE = '10.0.0.5';
const proxyOf = (bench: Bench) => bench.engine.ledger.proxy;

test('a private address with most requests and many user agents is a proxy: not banned, and said why', () => {
  const bench = new Bench();
  bench.feed(...proxied(START, 4, PRIVATE, 0.9, 30));
  assert.match(
    describeProtection(proxyOf(bench)?.because ?? ''),
    /^a proxy: 90 % of all requests come from it, with 27 user agents/,
  );
  bench.feed(...flood(START + 241, 1000, PRIVATE));
  assert.deepEqual(bench.of('ban'), []);
  assert.equal(bench.of('refused').length, 1);
  assert.match(bench.of('refused')[0]?.detail ?? '', /proxy/);
  bench.feed(...flood(START + 242, 1000));
  assert.deepEqual(
    bench.of('ban').map(({ ip }) => ip),
    [ATTACKER],
    'others are judged as before',
  );
});

test('one user agent is no proxy, few requests are none, and half of them are enough only within a private network', () => {
  for (const [ip, share, agents] of [
    [PRIVATE, 0.9, 3],
    [PRIVATE, 0.3, 30],
    ['198.51.100.200', 0.6, 30],
  ] as const) {
    const bench = new Bench();
    bench.feed(...proxied(START, 10, ip, share, agents));
    assert.equal(proxyOf(bench), undefined, `${ip} ${share} ${agents}`);
  }
});

test('a public address must show it for half an hour, is reported as long as it does, and is banned all the same', () => {
  const bench = new Bench();
  const ip = '198.51.100.200';
  bench.engine.bans.set({ ...keyOf(ip), tier: 1, until: START + 100_000, lastEnd: START + 100_000 });
  bench.feed(...proxied(START, 29, ip, 0.9, 30));
  assert.equal(proxyOf(bench), undefined);
  bench.feed(...proxied(START + 29 * 60, 4, ip, 0.9, 30));
  assert.equal(proxyOf(bench)?.isPublic, true);
  bench.feed(...calm(START + 33 * 60, 60 * 60));
  assert.equal(proxyOf(bench), undefined);
});

test('nobody earns protection by posing as a proxy', () => {
  const bench = new Bench();
  const ip = '198.51.100.200';
  bench.feed(...proxied(START, 35, ip, 0.9, 30));
  assert.ok(proxyOf(bench), 'it is taken for one');
  bench.feed(...flood(START + 2101, 3000, ip));
  assert.deepEqual(
    bench.of('ban').map((ban) => ban.ip),
    [ip],
  );
});

test('a banned client whose requests keep coming is noticed, one whose last answers trickle in is not', () => {
  const bench = new Bench();
  bench.feed(...calm(START, 300), ...flood(START + 300, 400));
  assert.equal(bench.of('ban').length, 1);
  const late = (from: number, seconds: number) =>
    Array.from({ length: seconds }, (_, n) => logLine(from + n, ATTACKER, `/late/${n}`));
  // What was under way: hundreds at once, then one by one as they time out.
  bench.feed(...flood(START + 301, 400), ...late(START + 310, 75));
  assert.deepEqual(bench.engine.bans.unstopped(10), []);
  bench.feed(...late(START + 392, 10));
  const [found] = bench.engine.bans.unstopped(10);
  assert.deepEqual({ high: found?.high, low: found?.low }, keyOf(ATTACKER));
  assert.equal(found?.last, START + 401);
  bench.engine.bans.release(found ?? { high: 0, low: 0 }, 0);
  assert.deepEqual(bench.engine.bans.unstopped(10), []);
});

test('a flood that goes on through its ban is noticed within seconds', () => {
  const bench = new Bench();
  bench.feed(...calm(START, 300));
  for (let second = START + 300; second < START + 312; second++) bench.feed(...flood(second, 300));
  assert.equal(bench.engine.bans.unstopped(10).length, 1);
});
