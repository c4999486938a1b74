/** The site as a whole: what is told of it, when, and what follows from that. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatSecond } from '../../src/model/time.ts';
import { Bench, chunked, ENGINE } from '../support/engine.ts';
import { logLine, START } from '../support/traffic.ts';
import { at, flood, HOUR, MINUTE, only, story, together, visits } from './site-stories.ts';

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

test('clients banned meanwhile are counted at its end: from its beginning, not from its report, to its last second', () => {
  const banned = (second: number, ip: string) =>
    flood(second, 1, 1500, () => '/x').map((line) => line.replace(/2001[^"]*/, ip));
  const bench = story(
    (from) =>
      together(
        flood(from, 120, 80),
        banned(from + 3, '203.0.113.9'),
        banned(from + 5, '203.0.113.10'),
        banned(from + 30, '203.0.113.11'),
        banned(from + 160, '203.0.113.12'),
      ),
    180,
  );
  assert.equal(bench.of('ban').length, 4);
  assert.equal(only(bench).end.bans, 3);
});

test('a crowd began when its clients came, however many requests visitors make', () => {
  const from = START + HOUR / 2;
  const crowd = Array.from({ length: 50 * 30 }, (_, n) =>
    logLine(from + Math.floor(n / 30), `2001:db8:7:${(n + 0x100).toString(16)}::1`, `/page/${n % 50}/`),
  );
  const bench = new Bench();
  bench.feed(...together(visits(START, HOUR, 15), crowd));
  const { start } = only(bench);
  assert.equal(start.condition, 'site_clients');
  assert.ok(Math.abs(at(start.since) - from) <= 3, start.since);
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

test('a lasting crowd becomes normal after half an hour, a lasting attack does not', () => {
  const RATE = 25;
  const files = ['a.css', 'b.css', 'c.js', 'd.png', 'e.png', 'f.js'];
  const crowd = (from: number) =>
    Array.from({ length: 75 * MINUTE * RATE }, (_, n) => {
      const ip = `2001:db8:${(n >> 12).toString(16)}:${(n % 4096).toString(16)}::1`;
      return logLine(
        from + Math.floor(n / RATE),
        ip,
        n % 4 === 0 ? `/page/${n % 9}/` : `/${files[n % 6]}`,
        200,
        `B/${n % 40}`,
      );
    });
  const { start, end } = only(story(crowd, 75 * MINUTE));
  assert.equal(start.verdict, 'visitors');
  const minutes = (at(end.time) - at(start.time)) / 60;
  assert.ok(minutes > 30 && minutes < 90, `${minutes} minutes`);
  assert.ok(end.rate > end.peak_rate / 2, 'it goes on');
  const attack = only(story((from) => flood(from, 75 * MINUTE, RATE), 75 * MINUTE));
  assert.ok(Math.abs(attack.end.duration_seconds - 4500) < 30, String(attack.end.duration_seconds));
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
