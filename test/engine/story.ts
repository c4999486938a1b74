/** What the stories about the engine are made of: a calm site, a flood, and an engine that knows the site. */
import assert from 'node:assert/strict';
import { findClientKey } from '../../src/net/client-key.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { Bench, type Overrides } from '../support/engine.ts';
import { SCHEME } from '../support/parse.ts';
import { logLine, START, visitorIp } from '../support/traffic.ts';

export const ATTACKER = '203.0.113.250';

export function keyOf(text: string): { high: number; low: number } {
  const prefix = parsePrefix(text);
  const key = prefix && findClientKey(prefix, SCHEME);
  assert.ok(key);
  return key;
}

/** One line a second of ordinary traffic, `seconds` long. */
export const calm = (from: number, seconds: number): string[] =>
  Array.from({ length: seconds }, (_, n) => logLine(from + n, visitorIp(n % 40), `/page/${n}`));

export const flood = (second: number, requests: number, ip = ATTACKER, status = 200): string[] =>
  Array.from({ length: requests }, (_, n) => logLine(second, ip, `/flood/${n}`, status));

/** An engine that is past its warm-up; `now` is the next second. */
export function ready(overrides: Overrides = {}): { bench: Bench; now: number } {
  const bench = new Bench(overrides);
  bench.feed(...calm(START, 300));
  assert.equal(bench.of('baseline').at(-1)?.ready, true);
  assert.deepEqual(bench.of('ban'), []);
  return { bench, now: START + 300 };
}
