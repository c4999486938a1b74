/** Whatever the bytes, the parser returns: every line is a row or a counted refusal. FUZZ_RUNS sets how many texts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { SEED } from '../support/fast-check.ts';
import { NEVER, PARSER } from '../support/parse.ts';
import { mulberry32 } from '../support/traffic.ts';

const { FUZZ_RUNS = '5000' } = process.env;

const SEEDS = [
  '{"timestamp":"2024-01-26T19:00:02+01:00","source_ip":"2001:db8::7","request":"GET /a.css HTTP/1.1","status":"200"}\n',
  '{"msec":1706295602.123,"remote_addr":"192.0.2.7","uri":"/a\\"b","status":404,"x":{"y":[null,true,-1e3]}}\r\n',
  '192.0.2.7 - a\\x22b [26/Jan/2024:19:00:02 +0000] "GET / HTTP/1.1" 200 612 "-" "curl"\n',
  '{"time_local":"26/Jan/2024:19:00:02 +0000","clientip":"::ffff:192.0.2.7","http_user_agent":"\\x22\\u00e9"}\n',
].map((line) => new TextEncoder().encode(line));

/** Lines cut out of the seeds and pasted together, with bytes changed: from slightly damaged to noise. */
function chunk(random: () => number): Uint8Array {
  const below = (max: number): number => Math.floor(random() * max);
  const bytes: number[] = [];
  for (let pieces = below(12); pieces >= 0; pieces--) {
    const seed = SEEDS[below(SEEDS.length)] ?? new Uint8Array();
    const from = random() < 0.7 ? 0 : below(seed.length);
    bytes.push(...seed.subarray(from, random() < 0.7 ? undefined : from + below(seed.length)));
  }
  const damage = random() < 0.2 ? bytes.length : below(8);
  for (let i = 0; i < damage; i++) bytes[below(bytes.length)] = below(256);
  return Uint8Array.from(bytes);
}

test('binary garbage never throws, and every line is accounted for', () => {
  const random = mulberry32(SEED);
  const parsers = (['auto', 'json', 'combined'] as const).map(
    (format) => new Parser({ ...PARSER, format, lineBytesMax: 1024 }),
  );
  for (let run = 0; run < Number(FUZZ_RUNS) / 2; run++) {
    const bytes = chunk(random);
    for (const parser of parsers) {
      const { count, lines, skipped } = parser.parse(bytes, NEVER);
      const newlines = bytes.reduce((sum, byte) => sum + (byte === 0x0a ? 1 : 0), 0);
      assert.equal(lines, newlines + (bytes.length > 0 && bytes.at(-1) !== 0x0a ? 1 : 0), `seed ${SEED}, text ${run}`);
      assert.equal(
        skipped.reduce((sum, n) => sum + n, count),
        lines,
        `seed ${SEED}, text ${run}`,
      );
      parser.readRecord(bytes.subarray(0, Math.max(0, bytes.indexOf(0x0a))));
    }
  }
});
