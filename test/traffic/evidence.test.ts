import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { cleanText, Evidence } from '../../src/traffic/evidence.ts';
import { chunked } from '../support/engine.ts';
import { NEVER, PARSER } from '../support/parse.ts';
import { logLine, START } from '../support/traffic.ts';

const parser = new Parser(PARSER);
const [HIGH, LOW] = [1, 0xc000_0201];

/** Evidence that has seen `lines`, in chunks and slices of the given sizes. */
function seen(lines: readonly string[], chunkBytes: number, rowsPerSlice = Number.POSITIVE_INFINITY): Evidence {
  const evidence = new Evidence(parser.reader);
  for (const bytes of chunked(lines, chunkBytes)) {
    const tally = parser.parse(bytes, NEVER);
    for (let row = 0; row < tally.count; row += rowsPerSlice) {
      evidence.open(0, bytes, tally, row);
      evidence.extend(Math.min(tally.count, row + rowsPerSlice));
    }
  }
  return evidence;
}

const paths = (evidence: Evidence): string[] => evidence.samples(HIGH, LOW).map(({ path }) => path);

test("samples are the client's newest five requests, oldest first", () => {
  const lines = Array.from({ length: 40 }, (_, n) =>
    logLine(START + n, n % 4 === 0 ? '192.0.2.1' : '192.0.2.2', `/${n}`),
  );
  const evidence = seen(lines, 1 << 20);
  assert.deepEqual(evidence.samples(HIGH, LOW).at(-1), {
    time: '2026-01-01T00:00:36Z',
    method: 'GET',
    path: '/36',
    status: 200,
    userAgent: 'Mozilla/5.0',
  });
  assert.deepEqual(paths(evidence), ['/20', '/24', '/28', '/32', '/36']);
  assert.deepEqual(evidence.samples(HIGH, 1), []);
});

test('however chunks and slices are cut, the same lines are remembered', () => {
  const lines = Array.from({ length: 30_000 }, (_, n) => {
    const ours = n === 9_990 || n === 10_010 || n === 25_000;
    return logLine(START, ours ? '192.0.2.1' : '192.0.2.2', `/${n}${'x'.repeat(100)}`);
  });
  for (const [chunkBytes, slice] of [
    [1, 1],
    [10_000, 7],
    [1 << 20, 50],
    [1 << 30, 20],
    [1 << 30, Number.POSITIVE_INFINITY],
  ] as const) {
    const found = paths(seen(lines, chunkBytes, slice)).map((path) => Number.parseInt(path.slice(1), 10));
    assert.deepEqual(found, [10_010, 25_000], `chunks of ${chunkBytes}, slices of ${slice}`);
  }
});

test('long lines are not kept without limit', () => {
  const long = (n: number) => logLine(START, n === 0 ? '192.0.2.1' : '192.0.2.2', `/${n}/${'x'.repeat(60_000)}`);
  const evidence = new Evidence(parser.reader);
  const add = (lines: string[]) => {
    for (const bytes of chunked(lines, 1)) {
      const tally = parser.parse(bytes, NEVER);
      evidence.open(0, bytes, tally, 0);
      evidence.extend(tally.count);
    }
  };
  add([long(0)]);
  assert.equal(evidence.samples(HIGH, LOW).length, 1);
  add(Array.from({ length: 600 }, (_, n) => long(n + 1)));
  assert.equal(evidence.samples(HIGH, LOW).length, 0, '36 MB later');
});

test('a chunk is released once, when its last slice is forgotten, and never the newest', () => {
  const released: Uint8Array[] = [];
  const evidence = new Evidence(parser.reader, (bytes) => released.push(bytes));
  const lines = Array.from({ length: 50_000 }, (_, n) => logLine(START, '192.0.2.1', `/${n}`));
  const chunks = [...chunked(lines, 100_000)];
  for (const bytes of chunks) {
    const tally = parser.parse(bytes, NEVER);
    for (let row = 0; row < tally.count; row += 100) {
      evidence.open(0, bytes, tally, row);
      evidence.extend(Math.min(tally.count, row + 100));
    }
    assert.equal(evidence.samples(HIGH, LOW).length, 5);
  }
  assert.deepEqual(released, chunks.slice(0, released.length), 'in order, each once');
  assert.ok(released.length > chunks.length / 3 && released.length < chunks.length);
});

test('text from a log is shown without control characters and cut', () => {
  assert.equal(cleanText('a\u001b[31m\u0000\u202e\u2028b\n'), 'a\ufffd[31m\ufffd\ufffd\ufffdb\ufffd');
  const long = cleanText('\u{1f600}'.repeat(150));
  assert.ok(long.isWellFormed());
  assert.ok(long.endsWith('\u2026') && long.length <= 201);
  assert.ok(cleanText(`x${'\u{1f600}'.repeat(150)}`).isWellFormed(), 'cut between the halves of a character');
  assert.ok(cleanText('\ud800').isWellFormed());
});
