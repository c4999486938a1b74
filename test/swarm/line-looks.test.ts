/** While a swarm lasts the same lines are looked at again and again: each is hashed once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { HIGH, LINE, LOW } from '../../src/parse/tally.ts';
import { LineLooks } from '../../src/swarm/line-looks.ts';
import { TRAITS } from '../../src/swarm/look.ts';
import { LookHasher } from '../../src/swarm/look-hasher.ts';
import { Evidence } from '../../src/traffic/evidence.ts';
import { chunked } from '../support/engine.ts';
import { NEVER, PARSER } from '../support/parse.ts';
import { logLine, START } from '../support/traffic.ts';

const LINES = 30_000;
const parser = new Parser(PARSER);
const { reader } = parser;
const hasher = new LookHasher({ ipv4: 16, ipv6: 32, hashKey: 7 });
const lines = Array.from({ length: LINES }, (_, n) => logLine(START, `198.51.100.${n % 250}`, `/${n}?a=1`));

test('each line is scanned once, and its look is that of its own bytes', () => {
  let scans = 0;
  const scan: typeof reader.scan = (...line) => {
    scans++;
    return reader.scan(...line);
  };
  const evidence = new Evidence({ ...reader, scan });
  const cache = new LineLooks(evidence, hasher);
  const [into, expected] = [new Uint32Array(2 * TRAITS.length), new Uint32Array(TRAITS.length)];
  for (const bytes of chunked(lines, 3_000_000)) {
    const tally = parser.parse(bytes, NEVER);
    // Rows are numbered through, however a chunk is cut.
    for (let from = 0, to = 5000; from < tally.count; from = to, to = Math.min(tally.count, to + 5000)) {
      evidence.open(0, bytes, tally, from);
      evidence.extend(Math.min(to, tally.count));
    }
    for (let time = 0; time < 2; time++) {
      evidence.walk((segment, at) => {
        assert.ok(cache.read(segment, at, into, TRAITS.length));
        if (at % 97 !== 0) return true;
        const values = reader.scan(0, bytes, tally.rows[at + LINE] as number);
        if (segment.tally !== tally || !values) return true;
        hasher.hash(values, tally.rows[at + HIGH] as number, tally.rows[at + LOW] as number, expected, 0);
        assert.deepEqual(into.subarray(TRAITS.length), expected);
        return true;
      });
    }
  }
  assert.equal(scans, LINES);
});
