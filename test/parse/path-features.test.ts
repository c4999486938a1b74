import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PathFeatures, patternName } from '../../src/parse/path-features.ts';
import fc from '../support/fast-check.ts';
import { bytesOf } from '../support/parse.ts';

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
  // A `#` would end the path: `0` stands for a number as well.
  const named = (path: string) => pattern(patternName(path.replace(/[?#].*$/s, '')).replaceAll('#', '0'));
  fc.assert(fc.property(text, (path) => assert.equal(pattern(path), named(path))));
});

test('people read a pattern as one name, whichever of its paths it is made from', () => {
  assert.equal(patternName('/page/20318/print'), '/page/#/print');
  for (const path of ['/o/dQw4w9WgXcQaB/edit', '/o/Zk7PqLmTxYbRvWn/edit', '/o/deadbeef12345678/edit'])
    assert.equal(patternName(path), '/o/*/edit');
});

test('a query changes the URL, not the path; a fragment is no query', () => {
  const [plain, asked] = [features('/a'), features('/a?b')];
  assert.equal(plain.url >>> 16, asked.url >>> 16);
  assert.notEqual(plain.url & 0xffff, asked.url & 0xffff);
  assert.equal(asked.hasQuery, true);
  assert.equal(features('/a#b').hasQuery, false);
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
      '/a/g;v=1',
      '/a;jsessionid=1F/g;b;c=/',
      '/;x/a/%67;%3b',
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
  const unit = fc.constantFrom(...'a9Z/.%2e?=#;-', '.php/');
  const path = fc.string({ unit, maxLength: 8 }).map((text) => `/${text}`);
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

test('the query of a program is read where it stands, also when the path has to be normalised', () => {
  const [before, path] = ['{"path":"', '//index.php/a?pass=1'];
  const read = new PathFeatures();
  read.read(bytesOf(before + path), before.length, before.length + path.length, true);
  const { end, number, hasQuery, credentials } = read;
  const expected = { end: before.length + path.indexOf('?'), number: 1, hasQuery: true, credentials: true };
  assert.deepEqual({ end, number, hasQuery, credentials }, expected);
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
    '/?page=../../../../etc/passwd',
    '/?page=..%2f..%2Fetc%2fpasswd&v=1',
    '/?page=%2e%2e/%2E%2E/etc',
    '/?page=%252e%252e%252f%25252e%25252e%2fetc',
    "/?id=1'%20OR%20'1'='1&x[]=1&y={}",
    '/?x[]=1&id=1%2527%252d%2527',
    '/?id=1/**/UNION/**/SELECT/**/2',
    '/?name={{7*7}}',
    '/?x=$%7bjndi:ldap://x.example/a%7D',
    '/?x=%{7*7}',
    '/?file=a%00.png',
  ])
    assert.equal(features(path).payload, true, path);
  for (const path of [
    '/',
    '/?q=two+words',
    "/?q=it's",
    '/?filter={"a":"b","c":(1)}',
    '/?ids[]=1&ids[]=2&name=5"',
    '/?filter[name]="x"&sort=a;b&page=(2',
    '/?query={user{name}}',
    '/?glob=src/**/x.ts',
    '/?next=%2Fa%3Fu%3Dhttps%253A%252F%252Fexample.org%252Fb%2520c',
    '/?discount=5%&x=%zz',
    '/?u=https%3A%2F%2Fexample.org%2Fa%3Fb%3Dc',
    '/?range=(1',
    '/a%23top',
    '/?q=%23top',
    '/?next=../shop&v=1.2..3',
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
