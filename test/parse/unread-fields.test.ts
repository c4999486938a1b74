/** Fields that decide nothing, whatever stands in them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { INFO, LINE, ROW, TIME_MASK, TIME_SHIFT } from '../../src/parse/tally.ts';
import fc from '../support/fast-check.ts';
import { bytesOf, NEVER, PARSER } from '../support/parse.ts';

const UNREAD = ['request_time', 'host', 'realip_remote_addr'] as const;
const REQUEST = {
  timestamp: '1706295602.5',
  source_ip: '192.0.2.7',
  method: 'POST',
  path: '/login?a=1',
  status: '404',
  user_agent: 'curl/8',
};

/** The row of a line, without where the line stands and how long the request took: that is for charts. */
function rowOf(object: Readonly<Record<string, unknown>>): number[] {
  const { rows, count } = new Parser(PARSER).parse(bytesOf(`${JSON.stringify(object)}\n`), NEVER);
  assert.equal(count, 1);
  rows[INFO] = (rows[INFO] ?? 0) & ~(TIME_MASK << TIME_SHIFT);
  return [...rows.subarray(0, ROW)].filter((_, column) => column !== LINE);
}

test('time, host and the address of the proxy change nothing of what is judged', () => {
  const row = rowOf(REQUEST);
  fc.assert(
    fc.property(
      fc.record(Object.fromEntries(UNREAD.map((name) => [name, fc.oneof(fc.string(), fc.double(), fc.ipV4())]))),
      (values) => {
        assert.deepEqual(rowOf({ ...values, ...REQUEST }), row);
        assert.deepEqual(rowOf({ ...REQUEST, ...values }), row);
      },
    ),
  );
});
