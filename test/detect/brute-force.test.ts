/** Guessing passwords, as short stories through the engine with the default configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, go, line, name, PAGE, pageLoad, ready, served } from './site.ts';

const LOGIN = '/wp-login.php';
/** The same page for every wrong password. */
const guess = (path = LOGIN, more: Partial<Asked> = {}): Asked => ({ method: 'POST', path, size: 4000, ...more });

test('guesses are found whatever they are answered', () => {
  for (const status of [200, 302, 400, 401, 403, 404]) {
    const ban = go(ready(), 30, 1, () => [guess(LOGIN, { status })]);
    assert.equal(ban?.condition, 'brute_force', `${status}`);
    assert.ok(ban.requests <= 10, `${status}: ${ban.requests}`);
  }
});

test('style sheets beside the guesses delay the ban, they do not prevent it', () => {
  const files = ['/site.css', '/site.js', '/logo.png'].map((path): Asked => ({ path, referer: PAGE }));
  const guesses = served(ready(), 3600, 1, () => [guess(), ...files]);
  assert.ok(guesses <= 24, `${guesses}: at most three times as many`);
});

test('a path counts as one however it is spelled, and several log-ins count together', () => {
  const spellings = [
    '//wp-login.php',
    '/./wp-login.php',
    '/wp%2Dlogin.php',
    '/a/../wp-login.php',
    '/wp-login.php/more',
  ];
  assert.ok(served(ready(), 60, 1, (n) => [guess([LOGIN, '//wp-login.php'][n % 2])]) <= 8);
  assert.ok(served(ready(), 60, 1, (n) => [guess(spellings[n % spellings.length])]) <= 8);
  assert.ok(served(ready(), 60, 1, (n) => [guess([LOGIN, '/xmlrpc.php'][n % 2])]) <= 9);
  assert.ok(served(ready(), 60, 1, (n) => [guess(`${LOGIN}?${n}`)]) <= 8, 'with another query each time');
});

test('a log-in path without a known word is one by how it is used', () => {
  assert.ok(served(ready(), 60, 1, () => [guess('/enter/here')]) <= 12);
  assert.ok(served(ready(), 60, 1, (n) => [guess(['/enter/here', '//enter/here'][n % 2])]) <= 12);
});

test('PUT and PATCH carry passwords as POST does', () => {
  for (const [method, path, status] of [
    ['PUT', '/account/login', 200],
    ['PUT', '/account/login', 401],
    ['PATCH', '/api/v1/session', 403],
  ] as const) {
    for (const referer of ['-', PAGE]) {
      const ban = go(ready(), 60, 1, () => [{ method, path, status, size: 900, referer }]);
      assert.equal(ban?.condition, 'brute_force', `${method} ${status} ${referer}`);
    }
  }
});

test('changes of ever other things are no guesses, however alike their answers: notes, documents, transactions of a federation', () => {
  const put = (n: number): Asked => ({ method: 'PUT', path: `/api/notes/${100_000 + 7 * n}`, size: 300 });
  assert.equal(
    go(ready(), 300, 0.5, (n) => [put(n)]),
    undefined,
  );
  assert.equal(go(ready(), 60, 0.5, () => [put(1)])?.condition, 'brute_force');
});

test('a program whose answers vary, with two alike now and then, guesses nothing; two kinds of answers in turn are no proof', () => {
  const post = (size: number): Asked => ({ method: 'POST', path: '/game/move', agent: 'Game/2.4', size });
  assert.equal(
    go(ready(), 900, 2, (n) => [post(n % 9 === 8 ? 500 : 200 + ((n * 377) % 700))]),
    undefined,
  );
  assert.equal(go(ready(), 120, 1, (n) => [post(n % 2 ? 40 : 900)])?.condition, 'brute_force');
});

test('basic authentication and passwords in a query are guessed, too', () => {
  assert.ok(served(ready(), 60, 1, () => [{ path: '/private/', status: 401 }]) <= 12);
  assert.ok(served(ready(), 60, 1, (n) => [{ path: `/enter?user=a&password=${name(n)}`, size: 4000 }]) <= 12);
});

test('loading the form before each guess buys some, not all', () => {
  assert.ok(served(ready(), 600, 1, () => [{ path: LOGIN, size: 4000 }, guess()]) <= 30);
});

test('so does a form that sends the client back to itself when the password is wrong', () => {
  assert.ok(served(ready(), 600, 1, () => [{ path: LOGIN, size: 4000 }, guess(LOGIN, { status: 302 })]) <= 30);
});

test('a form that is sent on for good with every guess (http to https) is no form that was loaded', () => {
  assert.ok(served(ready(), 60, 3, () => [guess(LOGIN, { status: 301 }), { path: LOGIN, size: 4000 }]) <= 9);
});

test('two guesses a minute and no more fill the bucket in the end', () => {
  assert.ok(served(ready(), 120, 30, () => [guess()]) <= 30);
});

test('however many attackers guess on one path, it becomes no more usual', () => {
  const { bench, now } = ready();
  for (let attacker = 0; attacker < 20; attacker++) {
    for (let n = 0; n < 20; n++)
      bench.feed(line(now + 60 * attacker + n, { ...guess('/vote'), ip: `198.18.${attacker}.7` }));
  }
  const bans = bench.of('ban');
  assert.equal(bans.length, 20);
  assert.equal(new Set(bans.map(({ requests }) => requests)).size, 1, 'the last as soon as the first');
});

// The innocent.

test("a form that many send is nobody's guess", () => {
  const search = (n: number): Asked => ({
    method: 'POST',
    path: '/search',
    size: 1000 + 331 * (n % 40),
    referer: PAGE,
  });
  assert.equal(
    go(ready(), 60, 2, (n) => [...(n % 10 === 0 ? pageLoad() : []), search(n)]),
    undefined,
  );
});

test('programs that POST what the site accepts are left alone: jobs, metrics, webhooks, backups', () => {
  for (const [kind, count, gap, asked] of [
    ['metrics, 204', 3600, 2, () => ({ path: '/api/write', status: 204, size: 0 })],
    ['metrics, 200 and nothing to read', 3600, 2, () => ({ path: '/api/write', status: 200, size: 2 })],
    ['60 webhooks in 10 s', 60, 1 / 6, () => ({ path: '/hooks/payment', status: 200, size: 2 })],
    ['jobs, 201', 600, 1, (n: number) => ({ path: `/jobs/${name(n)}`, status: 201, size: 80 })],
    ["the site's own cron", 1440, 60, () => ({ path: '/wp-cron.php?doing_wp_cron=1.2', status: 200, size: 0 })],
  ] as const) {
    assert.equal(
      go(ready(), count, gap, (n) => [{ method: 'POST', agent: 'program/1.0', ...asked(n) }]),
      undefined,
      kind,
    );
  }
});

test('the shorter an answer, the less it says of a password: receipts of pages that are left open', () => {
  const post = (size: number): Asked => ({ method: 'POST', path: '/desk/ajax', size, referer: PAGE });
  const ban = (size: number) => go(ready(), 1440, 2, () => [post(size)]);
  assert.equal(ban(58), undefined);
  assert.equal(ban(900)?.condition, 'brute_force');
  // An answer that says more is found, sooner the more it says.
  const guesses = (size: number) => served(ready(), 600, 0.2, () => [{ method: 'POST', path: '/enter/here', size }]);
  assert.ok(guesses(64) <= 40, `${guesses(64)}`);
  assert.ok(guesses(160) <= 12, `${guesses(160)}`);
});

test('where others send it again and again, too, a query a second is usual', () => {
  const scene = ready();
  const query = (n: number, ip?: string): Asked => ({
    ...{ method: 'POST', path: '/graphql', size: 900 + (n % 50) * 97, referer: PAGE },
    ...(ip === undefined ? {} : { ip }),
  });
  for (let visitor = 0; visitor < 12; visitor++) {
    const ip = `198.18.3.${visitor + 1}`;
    for (const asked of [...pageLoad('/page/a', ip), ...pageLoad('/page/b', ip)])
      scene.bench.feed(line(scene.now + 20 * visitor, asked));
    for (let n = 0; n < 20; n++) scene.bench.feed(line(scene.now + 60 * visitor + 3 * n, query(n, ip)));
  }
  assert.deepEqual(scene.bench.of('ban'), []);
  assert.equal(
    go({ bench: scene.bench, now: scene.now + 900 }, 1800, 1, (n) => [query(n)]),
    undefined,
  );
});

test('thirty people behind one address log in', () => {
  const logIn = (n: number): Asked[] => [
    { path: '/sso/login', referer: PAGE, size: 4000 },
    { method: 'POST', path: '/sso/login', status: 302, size: 0, referer: PAGE },
    ...pageLoad(`/page/${'abcdefgh'[n % 8]}`),
  ];
  assert.equal(go(ready(), 30, 10, logIn), undefined);
});

test('a session that ended is no guessing: 401 where the client was served before', () => {
  for (const method of ['GET', 'POST']) {
    const poll = (n: number): Asked[] => [
      {
        method,
        path: `/api/news?since=${n}`,
        status: n < 20 ? 200 : 401,
        size: n % 7 === 0 ? 2 : 300 + 90 * (n % 5),
        agent: 'app',
      },
    ];
    assert.equal(
      go(
        ready(),
        200,
        5,
        method === 'GET' ? poll : (n) => poll(n).map((one) => ({ ...one, status: n < 20 ? 204 : 401 })),
      ),
      undefined,
      method,
    );
  }
  assert.equal(go(ready(), 200, 5, (n) => [{ path: `/api/news?since=${n}`, status: 401 }])?.condition, 'brute_force');
});

test('elsewhere fewer than 50 a minute look like a session that ended (docs/limits.md)', () => {
  const tries = (gap: number) =>
    go(ready(), 7200 / gap, gap, (n) => [guess('/api/enter', n === 0 ? { size: 600 } : { status: 401, size: 60 })]);
  assert.equal(tries(1.2), undefined);
  assert.equal(tries(0.5)?.condition, 'brute_force');
});

test('an account of its own excuses nobody who guesses others where people sign in', () => {
  for (const every of [Number.POSITIVE_INFINITY, 10]) {
    const ban = go(ready(), 120, 1, (n) => {
      const isOwn = n === 0 || n % every === 0;
      return [guess('/api/login', isOwn ? { size: 600 } : { status: 401, size: 60 })];
    });
    assert.ok(ban?.condition === 'brute_force' && ban.requests <= 12, `${every}: ${ban?.requests}`);
  }
});

test('a page left open whose form token ran out is answered 403 for hours; other keys are tried with no more than 30 requests', () => {
  const heartbeat = (n: number) => [guess('/desk/ajax.php', n < 20 ? { size: 58 } : { status: 403, size: 1 })];
  assert.equal(go(ready(), 480, 15, heartbeat), undefined);
  const tries = served(ready(), 120, 1, (n) => [
    guess('/api/enter', n === 0 ? { size: 600 } : { status: 403, size: 60 }),
  ]);
  assert.ok(tries <= 30, `${tries}`);
});

test('twenty clones of a repository in ten minutes', () => {
  const refs = '/r.git/info/refs?service=git-upload-pack';
  const clone = (n: number): Asked[] => [
    { path: refs, status: 401, agent: 'git/2.47' },
    { path: refs, agent: 'git/2.47', size: 800 },
    { method: 'POST', path: '/r.git/git-upload-pack', agent: 'git/2.47', size: 200 + n },
    { method: 'POST', path: '/r.git/git-upload-pack', agent: 'git/2.47', size: 2_000_000 + 1000 * n },
  ];
  assert.equal(go(ready(), 20, 30, clone), undefined);
});

const ELSEWHERE = 'https://elsewhere.example/';

test('a hidden log-in form on a page elsewhere bans none of its visitors, who load that page three times', () => {
  for (const status of [200, 403]) {
    const { bench, now } = ready();
    for (let visitor = 0; visitor < 10; visitor++) {
      const hidden = { ...guess(LOGIN, { status }), ip: `198.18.4.${visitor + 1}`, referer: ELSEWHERE };
      for (let n = 0; n < 15; n++) bench.feed(line(now + 300 * visitor + 40 * Math.floor(n / 5), hidden));
    }
    assert.deepEqual(bench.of('ban'), [], `${status}`);
  }
});

test('thirty people behind one address are sent here by a single sign-on within a minute', () => {
  for (const [path, status] of [
    ['/saml/acs', 302],
    ['/login/callback', 302],
  ] as const) {
    const signOn = (n: number): Asked[] => [
      { method: 'POST', path, status, size: 0, referer: ELSEWHERE },
      { path: `/page/${'abcdefgh'[n % 8]}`, referer: ELSEWHERE },
    ];
    assert.equal(go(ready(), 30, 2, signOn), undefined, path);
  }
});

test('a referer of elsewhere buys a guesser a few guesses, no more', () => {
  assert.ok(served(ready(), 600, 1, () => [guess(LOGIN, { referer: ELSEWHERE })]) <= 16);
});

test('a key that is forbidden (403) again and again is a guess; a reader that nobody told is none', () => {
  const ask = (): Asked[] => [{ path: '/v1/me', status: 403, agent: 'curl/8.5' }];
  assert.equal(go(ready(), 300, 0.5, ask)?.condition, 'brute_force');
  assert.equal(go(ready(), 120, 60, ask), undefined);
});

test('where there is no form any more there is nothing to guess: programs that nobody told go on asking', () => {
  for (const status of [404, 405, 410])
    assert.equal(
      go(ready(), 120, 15, () => [guess('/autodiscover/mail.xml', { status, size: 150 })]),
      undefined,
    );
});
