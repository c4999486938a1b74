import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { PathFeatures } from '../../src/parse/path-features.ts';
import { isLogin, methodClass } from '../../src/parse/request-features.ts';
import { Robots } from '../../src/parse/robots.ts';
import { CHANGE, GET, HEAD, LOGIN, METHOD_MASK, POST, QUERY, REFERRED, ROBOT } from '../../src/parse/tally.ts';
import fc from '../support/fast-check.ts';
import { bytesOf, featuresOf, PARSER } from '../support/parse.ts';

function features(path: string) {
  const read = new PathFeatures();
  const bytes = bytesOf(path);
  read.read(bytes, 0, bytes.length);
  return read;
}
const pattern = (path: string): number => features(path).pattern;

test('numbers and identifiers stand for all of their kind, names do not', () => {
  for (const [a, b] of [
    ['/page/1', '/page/20318'],
    ['/page', '/page/'],
    ['/page', '/Page'],
    ['/page/1?a=b', '/page/2#top'],
    ['/o/0f8fad5b-d9cb-469f-a165-70867728950e', '/o/7c9e6679-7425-40de-944b-e07fc1f90ae7'],
    ['/o/0f8fad5bd9cb469fa16570867728950e/edit', '/o/deadbeef12345678/edit'],
    ['/o/dQw4w9WgXcQaB/edit', '/o/Zk7PqLmTxYbRvWn/edit'],
  ] as const) {
    assert.equal(pattern(a), pattern(b), `${a} ${b}`);
  }
  for (const [a, b] of [
    ['/introduction-to-cats', '/introduction-to-dogs'],
    ['/a1b', '/a/b'],
    ['/o/0f8fad5bd9cb469fa165/edit', '/o/0f8fad5bd9cb469fa165/show'],
  ] as const) {
    assert.notEqual(pattern(a), pattern(b), `${a} ${b}`);
  }
});

test('the pattern is that of the path with its numbers and identifiers replaced', () => {
  const normal = (path: string): string =>
    path
      .replace(/[?#].*$/s, '')
      .replace(/[^/]{12,}/g, (part) => {
        const digits = part.match(/[0-9]/g)?.length ?? 0;
        const odd = part.match(/[0-9A-Z]/g)?.length ?? 0;
        return digits > 0 && (digits * 5 >= part.length || odd * 5 >= 2 * part.length) ? '*' : part;
      })
      .replace(/[0-9]+/g, '0')
      .replace(/\/+/g, '/')
      .replace(/(?<=.)\/$/, '')
      .toLowerCase();
  const text = fc.string({ unit: fc.constantFrom(...'/abAB-0123?#*'), maxLength: 60 });
  fc.assert(fc.property(text, (path) => assert.equal(pattern(path), pattern(normal(path)))));
});

test('a query changes the URL, not the path; a fragment is no query', () => {
  const [plain, asked] = [features('/a'), features('/a?b')];
  assert.equal(plain.url >>> 16, asked.url >>> 16);
  assert.notEqual(plain.url & 0xffff, asked.url & 0xffff);
  assert.equal(asked.hasQuery, true);
  assert.equal(features('/a#b').hasQuery, false);
});

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

test('spellings of one path are one: RFC 3986, 5.2.4, 6.2.2 and what servers make of it', () => {
  for (const [path, ...spellings] of [
    [
      '/a/g',
      '/a/b/c/./../../g',
      '/./a/g',
      '/a/./g',
      '/a/b/../g',
      '/a//g',
      '//a/g',
      '/%61/g',
      '/a/%67',
      '/A/g',
      '/a/g/',
    ],
    ['/mid/6', '/mid/content=5/../6', '/mid/7'],
    [
      '/wp-login.php',
      '//wp-login.php',
      '/wp%2Dlogin.php',
      '/wp%2dlogin.php',
      '/x/%2e%2e/wp-login.php',
      '/wp-login.php?x',
    ],
    ['/', '//', '/.', '/..', '/../..', '/a/..', '/%2e'],
  ] as const) {
    for (const spelling of spellings) assert.equal(pattern(spelling), pattern(path), `${spelling} ${path}`);
  }
  for (const [a, b] of [
    ['/a.', '/a'],
    ['/...', '/'],
    ['/a%3Fb', '/a?b'],
    ['/.well-known/x', '/well-known/x'],
    ['/a..b/c', '/c'],
  ] as const) {
    assert.notEqual(pattern(a), pattern(b), `${a} ${b}`);
  }
});

test('any spelling of any path hashes alike, as path and as pattern', () => {
  const segment = fc.string({ unit: fc.constantFrom(...'abcdefgXYZ019-_'), minLength: 1, maxLength: 9 });
  const escaped = (text: string, at: number): string => {
    const c = text.charCodeAt(at % text.length).toString(16);
    return `${text.slice(0, at % text.length)}%${c}${text.slice((at % text.length) + 1)}`;
  };
  const spelled = fc.tuple(fc.constantFrom('/', '//', '/./', '/zz/../', '///'), segment, fc.option(fc.nat(8)));
  fc.assert(
    fc.property(fc.array(spelled, { minLength: 1, maxLength: 6 }), (parts) => {
      const plain = parts.map(([, text]) => `/${text}`).join('');
      const odd = parts.map(([slash, text, at]) => slash + (at === null ? text : escaped(text, at))).join('');
      assert.equal(pattern(odd), pattern(plain), `${odd} ${plain}`);
      assert.equal(features(odd).url >>> 16, features(plain).url >>> 16, `${odd} ${plain}`);
    }),
  );
});

test('bytes around a path in its line change nothing', () => {
  const path = fc.string({ unit: fc.constantFrom(...'a9Z/.%2e?=#;-'), maxLength: 8 }).map((text) => `/${text}`);
  const around = fc.string({ unit: fc.constantFrom(...'"/. ?#%2ea'), maxLength: 4 });
  fc.assert(
    fc.property(path, around, around, fc.boolean(), (text, before, after, program) => {
      const [alone, amid] = [new PathFeatures(), new PathFeatures()];
      alone.read(bytesOf(text), 0, text.length, program);
      amid.read(bytesOf(before + text + after), before.length, before.length + text.length, program);
      const { pattern, url, number, payload } = amid;
      assert.deepEqual({ ...alone, end: 0 }, { ...alone, end: 0, pattern, url, number, payload });
    }),
    { numRuns: 500 },
  );
});

test('what follows the name of a program is answered by the program', () => {
  const posted = (path: string): number => {
    const read = new PathFeatures();
    read.read(bytesOf(path), 0, path.length, true);
    return read.pattern;
  };
  assert.equal(posted('/index.php/a/b'), posted('/index.php'));
  assert.equal(posted('/x//index.php/a'), posted('/x/index.php'));
  assert.notEqual(posted('/index.html/a'), posted('/index.html'));
  assert.notEqual(pattern('/index.php/a'), pattern('/index.php'), 'only of a POST');
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

test('code in a URL is told from words, JSON and single odd characters', () => {
  for (const path of [
    "/?id=1'%20OR%20('1'='1",
    '/?q=<script>alert(1)</script>',
    '/?q=%3Cscript%3E',
    '/?a=1;cat%20/etc/passwd;',
    '/index.php?x=`id`',
    '/?x=%22%27',
    '/#',
    '/a#top',
    '/a?b=c#top',
  ])
    assert.equal(features(path).payload, true, path);
  for (const path of [
    '/',
    '/?q=two+words',
    "/?q=it's",
    '/?filter={"a":"b","c":(1)}',
    '/?ids[]=1&ids[]=2&name="x"',
    '/?u=https%3A%2F%2Fexample.org%2Fa%3Fb%3Dc',
    '/?range=(1',
    '/a%23top',
    '/?q=%23top',
  ])
    assert.equal(features(path).payload, false, path);
});

test('a query that names a password carries credentials', () => {
  for (const path of [
    '/?password=x',
    '/a?user=b&passwd=c',
    '/?PASSWORD=x',
    '/?user_pwd=x',
    '/?pass=x',
    '/?login_pass=x',
  ])
    assert.equal(features(path).credentials, true, path);
  for (const path of [
    '/password',
    '/?a=password',
    '/?p=1',
    '/?compass_direction=n',
    '/password=x',
    '/?passage=x',
    '/?keyword=x',
  ])
    assert.equal(features(path).credentials, false, path);
});

test('the last number of the URL is kept, modulo 2³²: that of its query before that of its path', () => {
  for (const [path, number] of [
    ['/a', 0],
    ['/item/42', 42],
    ['/2024/item-7.html', 7],
    ['/item/42?page=9', 9],
    ['/list?page=10&sort=name', 10],
    ['/list?page=2&size=50', 50],
    ['/item/42?sort=name', 42],
    ['/list?page=4294967297', 1],
    ['/item/42#7', 42],
    ['/item/4294967297', 1],
    ['//item/%34%32', 42],
  ] as const)
    assert.equal(features(path).number, number, path);
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
