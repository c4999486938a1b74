import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { formatLine } from '../../src/simulate/format.ts';
import fc from '../support/fast-check.ts';
import { type LogLine, requests } from './day.ts';

const FIELDS = [
  'timestamp',
  'source_ip',
  'method',
  'path',
  'status',
  'response_size',
  'request_time',
  'user_agent',
  'referer',
  'host',
];

const event: AccessEvent = {
  timeMs: 1_767_571_200_007,
  from: {
    ip: '203.0.113.9',
    client: '203.0.113.9',
    userAgent: 'a "quoted" agent',
    host: 'www.example.com',
    role: 'visitor',
  },
  method: 'GET',
  path: '/a?b=c',
  status: 200,
  responseBytes: 512,
  requestMs: 1020,
  referer: '',
};

test('every line is one JSON object with all fields, as nginx writes them', () => {
  for (const request of requests({ durationMs: 300_000, attack: 'all' })) {
    const line = formatLine(request, 'json');
    assert.equal(line.indexOf('\n'), line.length - 1);
    const parsed = JSON.parse(line) as LogLine;
    assert.deepEqual(Object.keys(parsed), FIELDS);
    assert.ok(Object.values(parsed).every((value) => typeof value === 'string'));
    assert.equal(Number(parsed.timestamp), request.timeMs / 1000);
    assert.equal(parsed.source_ip, request.from.ip);
    assert.equal(parsed.path, request.path);
  }
});

test('times keep their milliseconds', () => {
  assert.match(formatLine(event, 'json'), /^\{"timestamp":"1767571200\.007",.*"request_time":"1\.020"/);
});

test('the combined format is the one nginx has built in', () => {
  assert.equal(
    formatLine(event, 'combined'),
    '203.0.113.9 - - [05/Jan/2026:00:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 512 "-" "a \\x22quoted\\x22 agent"\n',
  );
});

test('any text survives the JSON format and stays on its line in both', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const hostile = { ...event, path: text, referer: text };
      const json = formatLine(hostile, 'json');
      const parsed = JSON.parse(json) as LogLine;
      assert.equal(parsed.path, text);
      assert.equal(parsed.referer, text);
      assert.equal(json.indexOf('\n'), json.length - 1);
      const combined = formatLine(hostile, 'combined');
      assert.equal(combined.indexOf('\n'), combined.length - 1);
      assert.equal(combined.split('"').length, 7);
    }),
  );
});
