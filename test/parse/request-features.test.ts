import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { PathFeatures } from '../../src/parse/path-features.ts';
import { isLogin, methodClass } from '../../src/parse/request-features.ts';
import { Robots } from '../../src/parse/robots.ts';
import { CHANGE, GET, HEAD, LOGIN, METHOD_MASK, POST, QUERY, REFERRED, ROBOT } from '../../src/parse/tally.ts';
import fc from '../support/fast-check.ts';
import { bytesOf, featuresOf, PARSER } from '../support/parse.ts';

const WORDS = ['login', 'log-in', 'log_in', 'logon', 'sign-in', 'sign_on', 'auth', 'passw', 'Token', 'xmlrpc'];
const OTHER_WORDS = ['administrator', 'admin', 'x', '/', '?', '-'];

test('log-in words are those that the expression finds', () => {
  const LOGIN_EXPRESSION = /log[-_]?in|log-?on|sign[-_]?in|passw|xmlrpc|administrator/i;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...WORDS, ...OTHER_WORDS), { maxLength: 6 }), (words) => {
      const path = words.join('');
      assert.equal(isLogin(bytesOf(path), 0, path.length), LOGIN_EXPRESSION.test(path), path);
    }),
  );
});

test('methods that change something are told from those that ask, POST and HEAD', () => {
  const classOf = (method: string): number => methodClass(bytesOf(method), 0, method.length);
  assert.deepEqual([classOf('POST'), classOf('HEAD')], [POST, HEAD]);
  for (const method of ['PUT', 'PATCH', 'DELETE', 'MKCOL', 'MOVE', 'COPY', 'PROPFIND', 'REPORT', 'LOCK', 'UNLOCK']) {
    assert.equal(classOf(method), CHANGE, method);
  }
  for (const method of ['GET', 'OPTIONS', 'TRACE', 'CONNECT', '-', '', '\\x16'])
    assert.equal(classOf(method), GET, method);
});

test('robots are those that name themselves', () => {
  const parts = [
    'bot',
    'Bot',
    'bottle',
    'bo',
    '/',
    ' ',
    '_',
    '1',
    'crawl',
    'spider',
    'Slurp',
    'monitor',
    '+http',
    's',
    ':',
  ];
  const EXPRESSION = /bot\b|bot\/|crawl|spider|slurp|monitor|\+https?:/i;
  const agent = fc.array(fc.constantFrom(...parts), { maxLength: 12 }).map((words) => words.join(''));
  const robots = new Robots();
  fc.assert(
    fc.property(fc.array(agent, { maxLength: 4 }), fc.nat(3), (agents, offset) => {
      // Each comes twice, at any alignment, in a chunk that is a part of its buffer.
      const chunk = bytesOf(`${' '.repeat(offset)}${[...agents, '-', ...agents].join('\n')}`).subarray(offset);
      robots.open(chunk);
      let start = 0;
      for (const text of [...agents, '-', ...agents]) {
        assert.equal(robots.has(chunk, start, start + text.length), EXPRESSION.test(text), text);
        start += text.length + 1;
      }
    }),
  );
});

test('agents that differ in one byte are told apart wherever it is', () => {
  const robots = new Robots();
  const agent = 'Mozilla/5.0 (compatible; Examplebot/2.1; of a kind that explains itself at length)';
  const word = agent.indexOf('bot');
  for (let at = 0; at < agent.length; at++) {
    const other = `${agent.slice(0, at)}x${agent.slice(at + 1)}`;
    const chunk = bytesOf(agent + other);
    robots.open(chunk);
    assert.equal(robots.has(chunk, 0, agent.length), true);
    assert.equal(robots.has(chunk, agent.length, chunk.length), at < word || at > word + 3, other);
  }
});

test('a log-in is a POST or refused', () => {
  const parser = new Parser(PARSER);
  const login = (method: string, status: number, path = '/login'): boolean => {
    const line = { time: 1, remote_addr: '192.0.2.7', method, path, status };
    return ((featuresOf(parser, bytesOf(JSON.stringify(line)))?.info ?? 0) & LOGIN) !== 0;
  };
  assert.equal(login('POST', 200), true);
  assert.equal(login('GET', 401), true);
  assert.equal(login('GET', 200), false);
  assert.equal(login('POST', 200, '/?login'), false);
});

test('JSON and combined lines say the same of the same request', () => {
  const parser = new Parser(PARSER);
  const [request, referer, agent] = ['POST /wp-login.php?a=7 HTTP/1.1', 'https://example.org/', 'Examplebot/2.0'];
  const combined = `192.0.2.7 - - [26/Jan/2024:19:00:02 +0000] "${request}" 200 612 "${referer}" "${agent}"`;
  const whole = JSON.stringify({ time: 1, remote_addr: '192.0.2.7', status: 200, request, referer, user_agent: agent });
  const apart = JSON.stringify({
    ...{ time: 1, remote_addr: '192.0.2.7', status: 200, method: 'POST', path: '/wp-login.php?a=7' },
    ...{ http_referer: referer, http_user_agent: agent },
  });
  const expected = featuresOf(parser, bytesOf(combined));
  assert.equal(expected?.info, POST | LOGIN | QUERY | REFERRED | ROBOT);
  assert.deepEqual(featuresOf(parser, bytesOf(whole)), expected);
  assert.deepEqual(featuresOf(parser, bytesOf(apart)), expected);
  const bare = featuresOf(parser, bytesOf(combined.replace(referer, '-').replace(agent, '-').replace('POST', 'GET')));
  assert.equal(bare?.info, QUERY);
  assert.equal((expected?.info ?? 0) & METHOD_MASK, POST);
});

test('another key, other hashes: nobody outside finds two paths that collide', () => {
  const keyed = (key: number, path: string): number => {
    const read = new PathFeatures(key);
    read.read(bytesOf(path), 0, path.length);
    return read.pattern;
  };
  assert.notEqual(keyed(1, '/a'), keyed(2, '/a'));
  assert.equal(keyed(1, '//a'), keyed(1, '/a'));
});

test('nothing beyond the end of a path is read', () => {
  const read = (text: string, length: number) => {
    const path = new PathFeatures();
    path.read(bytesOf('/before?x=y'), 0, 11);
    path.read(bytesOf(text), 0, length);
    const { pattern: folded, url, number, payload, credentials } = path;
    return { folded, url, number, payload, credentials };
  };
  for (const [path, rest] of [
    ['/', '/x'],
    ['/', './x'],
    ['/a', '/b'],
    ['/a/', '/b'],
    ['/a/', '../b'],
    ['/%', '41'],
    ['/%4', '1'],
    ['/a?%', '3c'],
    ['/index.php', '/b'],
  ] as const)
    assert.deepEqual(read(path + rest, path.length), read(path, path.length), `${path} before ${rest}`);
});
