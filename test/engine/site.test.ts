/** The site as a whole: what is told of it, when, and what follows from that. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EngineState } from '../../src/engine/engine-state.ts';
import type { GlobalAnomalyEnd, GlobalAnomalyStart } from '../../src/model/event.ts';
import { formatSecond } from '../../src/model/time.ts';
import type { Surge } from '../../src/site/surge.ts';
import { Bench, chunked, ENGINE, type Overrides } from '../support/engine.ts';
import { logLine, START, visitorIp } from '../support/traffic.ts';

const MINUTE = 60;
const HOUR = 3600;

/** `rate` requests in every second, of 200 visitors in turn, for 50 pages. */
function visits(from: number, seconds: number, rate: number): string[] {
  return Array.from({ length: seconds * rate }, (_, n) =>
    logLine(from + Math.floor(n / rate), visitorIp(n % 200), `/page/${(n * 7) % 50}/`, 200, `Browser/${n % 30}`),
  );
}

/** `rate` requests a second of 1,000 clients never seen before, five a minute each at most. */
function flood(from: number, seconds: number, rate: number, path = (_n: number): string => '/search'): string[] {
  return Array.from({ length: seconds * rate }, (_, n) => {
    const bot = n % 1000;
    const ip = `2001:db8:${bot % 4}:${(bot + 0x100).toString(16)}::1`;
    return logLine(from + Math.floor(n / rate), ip, path(n), 200, 'Tool/1');
  });
}

/** The lines of several sources in the order of their seconds. */
function together(...sources: readonly (readonly string[])[]): string[] {
  const secondOf = (line: string) => Number(/"msec":"(\d+)/.exec(line)?.[1]);
  return sources.flat().sort((a, b) => secondOf(a) - secondOf(b));
}

/** One start and one end. */
function only(bench: Bench): { start: GlobalAnomalyStart; end: GlobalAnomalyEnd } {
  const [start, end, ...more] = bench.of('global_anomaly');
  assert.deepEqual(more, []);
  assert.ok(start?.phase === 'start' && end?.phase === 'end', JSON.stringify([start, end]));
  return { start, end };
}

const at = (time: string): number => Date.parse(time) / 1000;

/** A site of five requests a second that is known for two hours, then `lines`, then a quarter of an hour of calm. */
function story(lines: (from: number) => readonly string[], seconds: number, overrides: Overrides = {}): Bench {
  const bench = new Bench(overrides);
  bench.feed(...visits(START, 2 * HOUR, 5));
  const from = START + 2 * HOUR;
  for (const bytes of chunked(together(visits(from, seconds + 900, 5), lines(from)), 1 << 20)) bench.feedBytes(bytes);
  return bench;
}

test('one newcomer that uploads by the thousand is no crowd: what weighs nothing counts for nobody', () => {
  const upload = (from: number) =>
    Array.from({ length: 9000 }, (_, n) =>
      logLine(from + Math.floor(n / 30), '203.0.113.77', `/remote.php/dav/uploads/ann/${n}`, 201).replace('GET', 'PUT'),
    );
  const { points, min_requests, error_surge } = ENGINE.detection;
  const bench = story(upload, 300, { detection: { points, min_requests, error_surge } });
  assert.deepEqual([bench.of('ban'), bench.of('global_anomaly')], [[], []]);
});

describe('a flood of a thousand clients', () => {
  const bench = story((from) => flood(from, 300, 80), 300);
  const { start, end } = only(bench);
  const from = START + 2 * HOUR;

  test('is told within a minute, with what there is more of than usual', () => {
    assert.ok(at(start.time) >= from && at(start.time) < from + MINUTE, start.time);
    assert.ok(Math.abs(at(start.since) - from) <= 3, start.since);
    assert.equal(start.verdict, 'attack');
    assert.match(start.detail, /one user agent sends 100 % \(usually 0 %\)/);
    assert.deepEqual([start.top_paths[0]?.name, start.top_paths[0]?.usual_share], ['/search', 0]);
    assert.ok((start.top_paths[0]?.share ?? 0) > 0.9);
    assert.deepEqual([start.top_user_agents[0]?.name, start.top_user_agents[0]?.usual_share], ['Tool/1', 0]);
    assert.deepEqual(start.top_prefixes.map(({ name }) => name).sort(), [
      '2001:db8:1::/48',
      '2001:db8:2::/48',
      '2001:db8:3::/48',
      '2001:db8::/48',
    ]);
    assert.ok((start.new_client_share ?? 0) > 0.9 && (start.usual_new_client_share ?? 1) < 0.1);
  });

  test('is over when it is over, and its end sums it up', () => {
    assert.ok(at(end.time) >= from + 300 + MINUTE && at(end.time) <= from + 300 + 3 * MINUTE, end.time);
    assert.ok(Math.abs(end.duration_seconds - 300) <= 15, String(end.duration_seconds));
    assert.ok(Math.abs(end.peak_rate - 85) < 3, String(end.peak_rate));
    assert.equal(end.since, start.since);
    assert.ok(Math.abs(end.extra_requests - 300 * 80) < 600, String(end.extra_requests));
    assert.deepEqual([end.bans, end.verdict], [0, 'attack']);
  });

  test('bans nobody and teaches nothing', () => {
    assert.deepEqual(bench.of('ban'), []);
    const calm = story(() => [], 300);
    assert.deepEqual(bench.of('baseline').at(-1)?.site.mean, calm.of('baseline').at(-1)?.site.mean);
    assert.deepEqual(calm.of('global_anomaly'), []);
  });

  test('is told alike however the lines are cut', () => {
    const lines = together(visits(START, HOUR, 5), flood(START + HOUR - 200, 150, 40));
    const [whole, cut] = [new Bench(), new Bench()];
    whole.feed(...lines);
    for (const bytes of chunked(lines, 997)) cut.feedBytes(bytes);
    assert.ok(whole.of('global_anomaly').length > 0);
    assert.deepEqual(cut.of('global_anomaly'), whole.of('global_anomaly'));
  });
});

test('clients banned meanwhile are counted at its end', () => {
  const bench = story(
    (from) =>
      together(
        flood(from, 120, 80),
        flood(from + 30, 1, 1500, () => '/x').map((line) => line.replace(/2001[^"]*/, '203.0.113.9')),
      ),
    120,
  );
  assert.equal(bench.of('ban').length, 1);
  assert.equal(only(bench).end.bans, 1);
});

test('bursts of a few clients are no matter of the site', () => {
  // 2,000 requests within a minute, of which 400 count: below 200 + 3 × 300.
  const bursts = (from: number) =>
    Array.from({ length: 2000 }, (_, n) => logLine(from + (n % 50), `198.51.100.${201 + (n % 20)}`, `/page/${n % 9}/`));
  assert.deepEqual(story(bursts, 60).of('global_anomaly'), []);
});

test('nor are a few dozen new clients, however often each of them asks', () => {
  const newcomers = (from: number) =>
    Array.from({ length: 300 }, (_, n) => logLine(from + (n % 50), `2001:db8:5:${n % 30}::1`, `/page/${n % 9}/`));
  assert.deepEqual(story(newcomers, 60).of('global_anomaly'), []);
});

test('what a banned client asks for is not usual', () => {
  const bench = new Bench();
  const from = START + 30 * MINUTE;
  const banned = Array.from({ length: 90 * MINUTE * 5 }, (_, n) =>
    logLine(from + Math.floor(n / 5), '203.0.113.9', '/search', 200, 'Tool/1'),
  );
  bench.feed(...together(visits(START, 2 * HOUR, 5), banned));
  bench.feed(...flood(START + 2 * HOUR, 60, 80));
  assert.ok(bench.of('ban').length > 0);
  const [start] = bench.of('global_anomaly');
  assert.ok(start?.phase === 'start');
  const [path] = start.top_paths;
  assert.ok(path?.name === '/search' && (path.usual_share ?? 1) < 0.05, JSON.stringify(path));
});

test('a flood of static files is told by its clients', () => {
  const { start, end } = only(story((from) => flood(from, 240, 60, () => '/film.css'), 240));
  assert.equal(start.condition, 'site_clients');
  assert.ok(start.peak_measured > 800 && end.peak_measured >= start.peak_measured, JSON.stringify([start, end]));
  assert.equal(start.top_paths[0]?.name, '/film.css');
});

test('before an hour has passed a flood is known by its requests and clients', () => {
  const bench = new Bench();
  bench.feed(...visits(START, 600, 5), ...together(visits(START + 600, 600, 5), flood(START + 600, 200, 80)));
  const { start } = only(bench);
  assert.notEqual(start.condition, 'site_newcomers');
  assert.equal(start.top_paths[0]?.name, '/search');
  assert.equal(start.new_client_share, null);
  assert.ok(at(start.time) < START + 660);
});

test('a gap in the log ends it, once', () => {
  const bench = new Bench();
  bench.feed(...visits(START, 2 * HOUR, 5), ...flood(START + 2 * HOUR, 100, 80));
  bench.feed(...visits(START + 8 * HOUR, 600, 5));
  only(bench);
});

test('so does a clock that is set back', () => {
  const bench = new Bench();
  bench.feed(...visits(START + HOUR, 2 * HOUR, 5), ...flood(START + 3 * HOUR, 100, 80), ...visits(START, 600, 5));
  only(bench);
});

test('a lasting crowd becomes normal after half an hour, a lasting attack does not', () => {
  const files = ['a.css', 'b.css', 'c.js', 'd.png', 'e.png', 'f.js'];
  const crowd = (from: number) =>
    Array.from({ length: 100 * MINUTE * 60 }, (_, n) => {
      const ip = `2001:db8:${(n >> 12).toString(16)}:${(n % 4096).toString(16)}::1`;
      return logLine(
        from + Math.floor(n / 60),
        ip,
        n % 4 === 0 ? `/page/${n % 9}/` : `/${files[n % 6]}`,
        200,
        `B/${n % 40}`,
      );
    });
  const { start, end } = only(story(crowd, 100 * MINUTE));
  assert.equal(start.verdict, 'visitors');
  const minutes = (at(end.time) - at(start.time)) / 60;
  assert.ok(minutes > 30 && minutes < 90, `${minutes} minutes`);
  assert.ok(end.rate > end.peak_rate / 2, 'it goes on');
  const attack = only(story((from) => flood(from, 100 * MINUTE, 60), 100 * MINUTE));
  assert.ok(Math.abs(attack.end.duration_seconds - 6000) < 30, String(attack.end.duration_seconds));
});

test('a restart knows what is usual', () => {
  const [before, after] = [new Bench(), new Bench()];
  before.feed(...visits(START, 2 * HOUR, 5));
  after.engine.restore(JSON.parse(JSON.stringify(before.engine.snapshot())));
  after.feed(...together(visits(START + 2 * HOUR, 60, 5), flood(START + 2 * HOUR + 10, 50, 80)));
  const [start] = after.of('global_anomaly');
  assert.ok(start?.phase === 'start');
  assert.equal(start.top_paths[0]?.usual_share, 0);
  assert.deepEqual([start.condition, start.usual], ['site_clients', 200]);
});

describe('an anomaly over restarts', () => {
  const from = START + 2 * HOUR;
  const left = from + 120;
  const lines = together(visits(from, 1200, 5), flood(from, 300, 80));
  const secondOf = (line: string) => Number(/"msec":"(\d+)/.exec(line)?.[1]);
  const between = (first: number, last: number) =>
    lines.filter((line) => secondOf(line) >= first && secondOf(line) < last);
  const before = new Bench();
  before.feed(...visits(START, 2 * HOUR, 5));
  const calm = before.engine.snapshot();
  before.feed(...between(from, left));
  const [told] = before.of('global_anomaly');
  assert.ok(told?.phase === 'start');
  const known: Surge = {
    ...{ condition: told.condition, verdict: told.verdict, since: at(told.since), lastSecond: at(told.time) },
    ...{ peakRate: told.peak_rate, peakMeasured: told.peak_measured, extraRequests: 0, bans: 0, state: 'open' },
  };

  /** An engine that was restored from `state` and has read the lines up to `until` again. */
  function rehearsed(state: EngineState, until = left): Bench {
    const bench = new Bench();
    bench.engine.restore(JSON.parse(JSON.stringify(state)));
    bench.feed(...between(from, until));
    bench.events.splice(0);
    return bench;
  }

  test('goes on as the same: one start, one end, one story', () => {
    const after = rehearsed(before.engine.snapshot());
    after.engine.goLive([], known);
    after.feed(...between(left, from + 1200));
    const [end, ...more] = after.of('global_anomaly');
    assert.ok(end?.phase === 'end' && more.length === 0, JSON.stringify(after.of('global_anomaly')));
    assert.deepEqual([end.since, end.peak_rate > 80], [told.since, true]);
    assert.ok(Math.abs(end.duration_seconds - 300) <= 15, String(end.duration_seconds));
    assert.ok(Math.abs(end.extra_requests - 300 * 80) < 600, String(end.extra_requests));
  });

  test('killed before it was saved: found again by the rehearsal, and not reported again', () => {
    const after = rehearsed(calm);
    after.engine.goLive([], known);
    after.feed(...between(left, from + 1200));
    const [end, ...more] = after.of('global_anomaly');
    assert.ok(end?.phase === 'end' && more.length === 0, JSON.stringify(after.of('global_anomaly')));
    assert.equal(end.since, told.since);
  });

  test('lines of one that is over are read again: no word of it', () => {
    const after = rehearsed(calm, from + 1200);
    after.engine.goLive([]);
    after.feed(...visits(from + 1200, 300, 5));
    assert.deepEqual(after.of('global_anomaly'), []);
  });

  test('found by a rehearsal alone, it is reported once it goes on', () => {
    const after = rehearsed(calm);
    after.engine.goLive([]);
    after.feed(...between(left, from + 1200));
    const { start, end } = only(after);
    assert.ok(at(start.time) <= left + 10, start.time);
    assert.deepEqual([start.since, end.since], [told.since, told.since]);
    const over = rehearsed(calm, from + 310);
    over.engine.goLive([]);
    over.feed(...between(from + 310, from + 1200));
    assert.deepEqual(over.of('global_anomaly'), [], 'over by then');
  });

  test('one that nobody remembers but the database ends with the rehearsal', () => {
    const bench = new Bench();
    bench.feed(...visits(from + 600, 100, 5));
    bench.engine.goLive([], known);
    const [end] = bench.of('global_anomaly');
    assert.ok(end?.phase === 'end');
    assert.deepEqual([end.since, end.peak_rate], [told.since, told.peak_rate]);
  });
});

describe('a log that falls silent', () => {
  const from = START + 2 * HOUR;
  function silenced(): Bench {
    const bench = new Bench();
    bench.feed(...visits(START, 2 * HOUR, 5), ...together(visits(from, 100, 5), flood(from, 100, 80)));
    assert.notEqual(bench.engine.site.ongoing, undefined);
    bench.engine.fallSilent();
    bench.engine.fallSilent();
    return bench;
  }

  test('ends its anomaly, once, with duration and peak', () => {
    const bench = silenced();
    const { end } = only(bench);
    assert.equal(bench.engine.site.ongoing, undefined);
    assert.ok(Math.abs(end.duration_seconds - 100) <= 5 && end.peak_rate > 80, JSON.stringify(end));
    bench.engine.advanceTo(from + 400);
    bench.feed(...visits(from + 401, 600, 5));
    only(bench);
  });

  test('a surge that goes on after all is another one', () => {
    const bench = silenced();
    bench.feed(...together(visits(from + 120, 900, 5), flood(from + 120, 100, 80)));
    const [, end, start, last, ...more] = bench.of('global_anomaly');
    assert.deepEqual(more, []);
    assert.ok(end?.phase === 'end' && start?.phase === 'start' && last?.phase === 'end');
    assert.ok(at(start.since) >= from + 120 && at(start.since) <= from + 130, start.since);
    assert.ok(Math.abs(last.duration_seconds - 100) <= 15, String(last.duration_seconds));
  });

  test('changes nothing in what is learned', () => {
    const [silent, other] = [silenced(), new Bench()];
    other.feed(...visits(START, 2 * HOUR, 5), ...together(visits(from, 100, 5), flood(from, 100, 80)));
    for (const bench of [silent, other]) bench.feed(...visits(from + 300, 1200, 5));
    const { rule: _, surge: __, ...learned } = silent.engine.snapshot().site ?? assert.fail();
    const { rule: ___, surge: ____, ...expected } = other.engine.snapshot().site ?? assert.fail();
    assert.deepEqual(learned, expected);
  });
});

test('switched off, nothing is told', () => {
  const detection = { site: { ...ENGINE.detection.site, enabled: false } };
  assert.deepEqual(story((from) => flood(from, 120, 80), 120, { detection }).of('global_anomaly'), []);
});

test('the profile classic keeps to the textbook: all requests of the window, z above 3, at once', () => {
  const bench = new Bench({ profile: 'classic' });
  const from = START + 30 * MINUTE;
  bench.feed(...visits(START, 30 * MINUTE, 20));
  // Mean 20, deviation 0.5 (the floor): more than 21.5 a second over a minute. 20 + 10 × 9 / 60 is just that.
  bench.feed(...together(visits(from, 9, 20), flood(from, 9, 10)), ...visits(from + 9, 1, 20));
  assert.deepEqual(bench.of('global_anomaly'), []);
  bench.feed(...together(visits(from + 10, 2, 20), flood(from + 10, 1, 1)));
  const [start] = bench.of('global_anomaly');
  assert.deepEqual([start?.phase, start?.condition, start?.time], ['start', 'site_z_score', formatSecond(from + 10)]);
  assert.deepEqual([start?.measured, start?.usual, start?.limit], [20 + 91 / 60, 20, 21.5]);
});
