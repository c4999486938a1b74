/** What is told of the site as a whole over gaps, restarts and silence. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EngineState } from '../../src/engine/engine-state.ts';
import type { Surge } from '../../src/site/surge.ts';
import { Bench } from '../support/engine.ts';
import { START } from '../support/traffic.ts';
import { at, flood, HOUR, only, together, visits } from './site-stories.ts';

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
    assert.deepEqual(
      [end.silent, end.rate, end.multiple],
      [true, 0, 0],
      'what it was before the silence is not what it is now',
    );
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
