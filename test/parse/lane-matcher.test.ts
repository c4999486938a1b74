import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LaneMatch } from '../../src/model/lane.ts';
import { createLaneMatcher } from '../../src/parse/lane-matcher.ts';
import type { LogRecord } from '../../src/parse/record.ts';

const cases: readonly (readonly [LaneMatch, LogRecord, readonly LogRecord[]])[] = [
  [{ user_agent: 'Bot' }, { user_agent: 'Bot' }, [{ user_agent: 'bot' }, { user_agent: 'Bot 2' }, {}]],
  [{ user_agent: '-' }, {}, [{ user_agent: 'x' }]],
  [{ path: '/a' }, { path: '/a?x=1' }, [{ path: '/a/' }, { path: '/' }]],
  [{ path: '/a/*' }, { request: 'GET /a/b?c HTTP/1.1' }, [{ path: '/a' }, { path: '/?/a/' }]],
  [{ query_keys: ['a', 'b'] }, { path: '/?b=1&a&&b=2' }, [{ path: '/?a' }, { path: '/?a&b&c' }, { path: '/' }]],
  [{ query_keys: [] }, { path: '/?' }, [{ path: '/?a' }]],
  [{ network: '2001:db8::/32' }, { source_ip: '2001:db8::1' }, [{ source_ip: '192.0.2.1' }, {}]],
  [{ method: 'POST' }, { method: 'POST' }, [{ method: 'GET' }, {}]],
  [{ referer: 'absent' }, {}, [{ referer: 'x' }]],
  [{ referer: 'present', path: '/a' }, { referer: 'x', path: '/a' }, [{ referer: 'x' }, { path: '/a' }]],
];

test('a line matches where all conditions of a lane hold', () => {
  for (const [match, hit, misses] of cases) {
    const matches = createLaneMatcher(match);
    assert.ok(matches(hit), JSON.stringify(match));
    for (const miss of misses) assert.ok(!matches(miss), `${JSON.stringify(match)}: ${JSON.stringify(miss)}`);
  }
});
