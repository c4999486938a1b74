import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNearedLimits } from '../../src/detect/neared-limits.ts';
import { Parser } from '../../src/parse/parser.ts';
import { ROW } from '../../src/parse/tally.ts';
import { Bench, ENGINE } from '../support/engine.ts';
import { bytesOf, NEVER, PARSER } from '../support/parse.ts';
import { logLine, START, visitorIp } from '../support/traffic.ts';

const CLIENT = '203.0.113.250';
/** Past the warm-up. */
const NOW = START + 3700;

/** The rows of these lines, and what an engine that saw a calm site before them makes of them. */
function judge(lines: readonly string[]) {
  const bench = new Bench({ detection: ENGINE.detection, bans: { max_share: 1 } });
  bench.feed(...Array.from({ length: 3700 }, (_, n) => logLine(START + n, visitorIp(n % 40), `/page/${n % 9}`)));
  const state = bench.engine.snapshot();
  bench.feed(...lines);
  const { rows, count } = new Parser(PARSER).parse(bytesOf(`${lines.join('\n')}\n`), NEVER);
  const split = Array.from({ length: count }, (_, row) => rows.slice(row * ROW, (row + 1) * ROW));
  return { banned: bench.of('ban')[0]?.condition, nearest: findNearedLimits(split, ENGINE, state) };
}

const refused = (count: number) =>
  Array.from({ length: count }, (_, n) => logLine(NOW + n, CLIENT, `/secret-${String.fromCharCode(97 + n)}`, 404));

test('what is below every limit is told by the one that it came nearest to, and when', () => {
  const { banned, nearest } = judge(refused(6));
  assert.equal(banned, undefined);
  const [first] = nearest;
  assert.equal(first?.limit, 'scan');
  assert.equal(first.tolerated, 12);
  assert.ok(first.share > 0.48 && first.share < 0.54, `${first.share}: six of twelve, less what drained`);
  assert.equal(first.time, '2026-01-01T01:01:45Z');
});

test('what the engine bans has reached the limit here too', () => {
  const { banned, nearest } = judge(refused(14));
  assert.equal(banned, 'scan');
  assert.equal(nearest[0]?.share, 1);
});

test('rate is that of the busiest window, without what left it', () => {
  const burst = (from: number, requests: number) =>
    Array.from({ length: requests }, () => logLine(from, CLIENT, '/page/1'));
  const { nearest } = judge([...burst(NOW, 30), ...burst(NOW + 60, 66), ...burst(NOW + 300, 12)]);
  const rate = nearest.find(({ limit }) => limit === 'rate');
  assert.deepEqual(rate, { limit: 'rate', share: 66 / 700, tolerated: 700, time: '2026-01-01T01:02:40Z' });
});

test('without anything learned the ceiling of the warm-up counts', () => {
  const lines = [logLine(NOW, CLIENT), logLine(NOW, CLIENT)];
  const { rows } = new Parser(PARSER).parse(bytesOf(`${lines.join('\n')}\n`), NEVER);
  const split = [rows.slice(0, ROW), rows.slice(ROW, 2 * ROW)];
  assert.equal(findNearedLimits(split, ENGINE, undefined).find(({ limit }) => limit === 'rate')?.tolerated, 300);
  assert.deepEqual(findNearedLimits([], ENGINE, undefined), []);
});
