/** Swarms through the whole engine: what opens, what does not, and that neither chunks nor a restart change it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packEngineState, parseEngineState } from '../../src/engine/engine-state.ts';
import type { LaneEnd, LaneStart } from '../../src/model/told-event.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { START } from '../support/traffic.ts';
import { crowd, isOfSwarm, logOf, OLD_BROWSER, replay, swarmBench, USUAL_SECONDS } from '../swarm/story.ts';

const FROM = START + USUAL_SECONDS;
const scraper = (n: number) => ({ path: `/archive/item-${n}`, agent: OLD_BROWSER });
const SCRAPED = logOf(crowd(4, 1200, scraper));

/** A crowd from forty networks of sites that visitors never came from, for one page, as the visitors' browsers do. */
let turn = 0;
const fromNets = () => `95.${turn % 40}.7.${1 + (Math.floor(turn++ / 40) % 250)}`;
const FROM_NETWORKS = logOf(
  crowd(
    6,
    600,
    () => ({ path: '/page/1', agent: 'Mozilla/5.0 (X11) Firefox/127', referer: 'https://www.site.example/' }),
    fromNets,
  ),
);

function lanesOf(lines: readonly string[]): { starts: LaneStart[]; ends: LaneEnd[] } {
  const lanes = replay(lines).filter((event) => event.event === 'lane');
  return {
    starts: lanes.filter(({ phase }) => phase === 'start') as LaneStart[],
    ends: lanes.filter(({ phase }) => phase === 'end') as LaneEnd[],
  };
}

test('thousands of clients with one user agent get one lane by it within a minute or two, which ends once when they have gone', () => {
  const { starts, ends } = lanesOf(SCRAPED);
  assert.equal(starts.length, 1);
  const [start] = starts as [LaneStart];
  assert.equal(start.match.user_agent, OLD_BROWSER);
  const seconds = Date.parse(start.time) / 1000 - FROM;
  assert.ok(seconds > 0 && seconds <= 120, `after ${seconds} s`);
  assert.equal(start.backtest.requests_matched, 0);
  assert.ok(start.backtest.clients > 100 && start.coverage > 0.9 && start.opened);
  assert.deepEqual(
    ends.map(({ id }) => id),
    [start.id],
  );
  const lasted = ends[0]?.duration_seconds ?? 0;
  assert.ok(lasted > 1000 && lasted < 1200 + 660, `${lasted} s`);
});

test('documents are no files that pages are made of: a swarm that loads them gets its lane', () => {
  const { starts } = lanesOf(logOf(crowd(4, 600, (n) => ({ path: `/papers/${n}.pdf`, agent: OLD_BROWSER }))));
  assert.deepEqual(
    starts.map(({ match }) => match.user_agent),
    [OLD_BROWSER],
  );
});

test('a few clients of a swarm that render pages do not protect the others; a tenth of its requests do', () => {
  const some = (every: number) => {
    const requests = crowd(4, 900, scraper);
    const files = requests.filter((_, n) => n % every === 0).map((request) => ({ ...request, path: '/style.css' }));
    return lanesOf(logOf([...requests, ...files])).starts.map(({ match }) => match.user_agent);
  };
  assert.deepEqual(some(20), [OLD_BROWSER]);
  assert.deepEqual(some(2), []);
});

test('half a request a second is found by the last quarter of an hour', () => {
  const { starts } = lanesOf(logOf(crowd(0.5, 3000, scraper)));
  assert.deepEqual(
    starts.map(({ match }) => match.user_agent),
    [OLD_BROWSER],
  );
  assert.ok(Date.parse(starts[0]?.time ?? '') / 1000 - FROM < 1000);
});

test('many addresses that guess passwords a few times each share method, path and a missing referer', () => {
  const { starts } = lanesOf(
    logOf(crowd(3, 900, () => ({ path: '/login', method: 'POST', agent: 'Mozilla/5.0 (X11) Firefox/127' }))),
  );
  assert.equal(starts.length, 1);
  const { path, method, referer, query_keys } = starts[0]?.match ?? {};
  assert.ok(
    path === '/login' || (method === 'POST' && referer === 'absent'),
    JSON.stringify({ path, method, referer, query_keys }),
  );
});

test('a flash crowd, which loads files, opens nothing', () => {
  const people = crowd(6, 900, () => ({ path: '/story-of-the-day', agent: 'Mozilla/5.0 (iPhone) Safari/604' }));
  const lines = logOf(people.flatMap((request) => [request, { ...request, path: '/style.css' }]));
  assert.deepEqual(replay(lines).filter(isOfSwarm), []);
});

test('the new version of an app on the devices of known users opens nothing', () => {
  const known = () => `81.2.${turn++ % 40}.${1 + (turn % 3)}`;
  const lines = logOf(crowd(6, 900, (n) => ({ path: `/page/${n % 9}`, agent: 'ShopApp/8' }), known));
  assert.deepEqual(replay(lines).filter(isOfSwarm), []);
});

test('visitors as ever, only twenty times as many, open nothing', () => {
  const lines = logOf(
    crowd(10, 900, (n) => ({
      path: `/page/${n % 9}`,
      agent: 'Mozilla/5.0 (X11) Firefox/127',
      referer: 'https://www.site.example/',
    })),
  );
  assert.deepEqual(replay(lines).filter(isOfSwarm), []);
});

test('where only networks tell them apart the networks are banned, tier by tier, and never one with a protected address', () => {
  const bench = swarmBench();
  // Two: a network or two of the forty stay below what shows them.
  const partners = ['95.3.7.9', '95.9.7.9'].flatMap((ip) => parsePrefix(ip) ?? []);
  bench.engine.ledger.setNeverBanned(
    partners.map((prefix) => ({ prefix, kind: 'allowlist' as const, because: 'a partner' })),
  );
  const isPartner = (ip: string) => ip === '95.3.7.0/24' || ip === '95.9.7.0/24';
  const events = replay(FROM_NETWORKS, 1 << 20, bench).filter(isOfSwarm);
  const bans = events.filter((event) => event.event === 'ban');
  assert.ok(bans.length >= 36, `${bans.length} bans`);
  for (const { ip, tier, duration_seconds } of bans)
    assert.ok(/^95\.\d+\.7\.0\/24$/.test(ip) && duration_seconds === [600, 1800][tier - 1], ip);
  assert.ok(!bans.some(({ ip }) => isPartner(ip)));
  assert.ok(events.some((event) => event.event === 'refused' && isPartner(event.ip) && event.reason === 'allowlist'));
});

test('with swarm.action alert lanes are not opened and networks not banned, but both are reported once', () => {
  const alert = swarmBench({ action: 'alert' });
  const lanes = replay(SCRAPED, 1 << 20, alert).filter((event) => event.event === 'lane' && event.phase === 'start');
  assert.deepEqual(
    lanes.map((lane) => lane.event === 'lane' && lane.phase === 'start' && lane.opened),
    [false],
  );
  const networks = replay(FROM_NETWORKS, 1 << 20, swarmBench({ action: 'alert' })).filter(isOfSwarm);
  const reported = networks.flatMap((event) => (event.event === 'refused' ? [event.ip] : []));
  assert.equal(new Set(reported).size, reported.length);
  assert.ok(reported.length >= 36 && !networks.some(({ event }) => event === 'ban'));
});

test('the same lines open the same lanes however they are cut', () => {
  const lines = SCRAPED.slice(
    0,
    SCRAPED.findIndex((line) => line.includes(`"${FROM + 400}.5"`)),
  );
  const whole = replay(lines);
  assert.ok(whole.some(isOfSwarm));
  for (const chunkBytes of [3000, 70_000])
    assert.deepEqual(replay(lines, chunkBytes), whole, `chunks of ${chunkBytes}`);
});

test('a lane and what is usual survive a restart, and the swarm gets no second lane', () => {
  const cut = SCRAPED.findIndex((line) => line.includes(`"${FROM + 300}.5"`));
  const first = swarmBench();
  replay(SCRAPED.slice(0, cut), 1 << 20, first);
  const [before] = first.of('lane');
  assert.ok(before);
  const second = swarmBench();
  const state = parseEngineState(packEngineState(first.engine.snapshot()));
  assert.ok(state);
  second.engine.restore(state);
  const after = replay(SCRAPED.slice(cut), 1 << 20, second).filter((event) => event.event === 'lane');
  assert.deepEqual(
    after.map((event) => event.event === 'lane' && [event.phase, event.id]),
    [['end', before.id]],
  );
});

test('a swarm that begins right after a restart is found as soon as any', () => {
  const cut = SCRAPED.findIndex((line) => line.includes(`"${FROM - 60}.5"`));
  const before = swarmBench();
  replay(SCRAPED.slice(0, cut), 1 << 20, before);
  const state = parseEngineState(packEngineState(before.engine.snapshot()));
  assert.ok(state);
  const after = swarmBench();
  after.engine.restore(state);
  const [lane] = replay(SCRAPED.slice(cut), 1 << 20, after).filter((event) => event.event === 'lane');
  assert.ok(lane && Date.parse(lane.time) / 1000 - FROM <= 120, lane?.time);
});

test('what is usual is hashed under the key of the installation: another one can do nothing with it', () => {
  const cut = SCRAPED.findIndex((line) => line.includes(`"${FROM}.5"`));
  const learned = swarmBench({ action: 'hold' }, 5);
  replay(SCRAPED.slice(0, cut), 1 << 20, learned);
  const state = learned.engine.snapshot();
  const knownTo = (hashKey: number) => {
    const bench = swarmBench({ action: 'hold' }, hashKey);
    bench.engine.restore(state);
    return bench.engine.snapshot().swarm?.usual.lines.length;
  };
  assert.ok((knownTo(5) ?? 0) > 1000);
  assert.equal(knownTo(6), 0);
});

test('a lane that only a rehearsal found is found again live; the end of a known one is reported', () => {
  const cut = SCRAPED.findIndex((line) => line.includes(`"${FROM + 300}.5"`));
  const rehearsed = swarmBench();
  replay(SCRAPED.slice(0, cut), 1 << 20, rehearsed);
  rehearsed.events.length = 0;
  rehearsed.engine.goLive([]);
  const [again] = replay(SCRAPED.slice(cut), 1 << 20, rehearsed).filter((event) => event.event === 'lane');
  assert.ok(again?.event === 'lane' && again.phase === 'start');
  const known = rehearsed.engine.swarm?.lanes.all.length;
  assert.equal(known, 0, 'it has ended by now');

  const saved = swarmBench();
  replay(SCRAPED.slice(0, cut), 1 << 20, saved);
  const restarted = swarmBench();
  restarted.engine.restore(saved.engine.snapshot());
  replay(SCRAPED.slice(cut), 1 << 20, restarted);
  restarted.events.length = 0;
  restarted.engine.goLive([]);
  assert.deepEqual(
    restarted.of('lane').map(({ phase, id }) => [phase, id]),
    [['end', saved.of('lane')[0]?.id]],
  );
});
