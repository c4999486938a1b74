import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { DoubledLines } from '../../src/traffic/doubled-lines.ts';
import { bytesOf, NEVER, PARSER } from '../support/parse.ts';
import { combinedLine, logLine, START, visitorIp } from '../support/traffic.ts';

const parser = new Parser(PARSER);

function add(doubled: DoubledLines, log: string, ...lines: string[]): void {
  const bytes = bytesOf(lines.map((line) => `${line}\n`).join(''));
  doubled.add(log, parser.parse(bytes, NEVER), bytes);
}

const requests = (from: number, to: number, site = '') =>
  Array.from({ length: to - from }, (_, n) => [START + from + n, visitorIp(n % 7), `${site}/${n % 11}`] as const);
const json = (from: number, to: number, site = '') => requests(from, to, site).map((each) => logLine(...each));
const combined = (from: number, to: number) => requests(from, to).map((each) => combinedLine(...each));

test('one log in two formats', () => {
  const doubled = new DoubledLines();
  const [first, second] = [json(0, 30), combined(0, 30)];
  for (const [n, line] of first.entries()) {
    assert.deepEqual(doubled.pairs(), n > 19 ? [['a', 'a']] : []);
    add(doubled, 'a', line);
    add(doubled, 'a', second[n] ?? '');
  }
});

test('two logs with the same requests, until they differ', () => {
  const doubled = new DoubledLines();
  add(doubled, 'b', ...json(0, 40));
  add(doubled, 'a', ...json(0, 38));
  assert.deepEqual(
    doubled.pairs(),
    [['b', 'a']].map((pair) => pair.toSorted()),
  );
  for (let from = 100; from < 1000; from += 100) {
    add(doubled, 'a', ...json(from, from + 100, '/a'));
    add(doubled, 'b', ...json(from, from + 100, '/b'));
    doubled.pairs();
  }
  assert.deepEqual(doubled.pairs(), []);
});

test('neither two sites with the same visitors, nor a flood of one request, nor a log whose format changed', () => {
  const doubled = new DoubledLines();
  for (let from = 0; from < 300; from += 20) {
    add(doubled, 'a', ...json(from, from + 20, '/a'));
    add(doubled, 'b', ...json(from, from + 20, '/b'));
    add(doubled, 'flood', ...Array.from({ length: 500 }, () => logLine(START + from, '203.0.113.9', '/same')));
    add(doubled, 'changed', ...(from < 150 ? json(from, from + 20) : combined(from, from + 20)));
    assert.deepEqual(doubled.pairs(), []);
  }
});

test('memory stays bounded by what waits for its double', () => {
  const doubled = new DoubledLines();
  for (let from = 0; from < 100_000; from += 10_000) add(doubled, 'a', ...json(from, from + 10_000));
  assert.deepEqual(doubled.pairs(), []);
  add(doubled, 'b', ...json(99_800, 99_900));
  assert.deepEqual(doubled.pairs(), [], 'a window of the other log is over');
});
