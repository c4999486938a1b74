/** Redirects, as short stories through the engine with the default configuration: a scan is answered so, and so is single sign-on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visitorIp } from '../support/traffic.ts';
import { type Asked, go, line, pageLoad, ready, type Scene } from './site.ts';

const token = (n: number) => `${'b7e9'.repeat(5)}${100_000 + 7 * n}`;

test('thirty people behind one address sign in over OpenID within three minutes: each is sent on with tokens of its own', () => {
  const signOn = (n: number): Asked[] => [
    { path: '/app/', status: 302 },
    { path: `/oauth2/start?rd=%2Fapp%2F&nonce=${token(n)}`, status: 302 },
    { path: `/oauth2/callback?code=${token(n)}&state=${token(n)}`, status: 302, referer: 'https://sso.example.net/' },
    { path: '/app/' },
  ];
  assert.equal(go(ready(), 30, 6, signOn), undefined);
});

test('what others are redirected on as well is no discovery: pictures that are links to a storage', () => {
  const picture = (n: number): Asked => ({ path: `/image/${token(n)}`, status: 302 });
  const lists = (scene: Scene) =>
    go(scene, 3, 30, (list) => Array.from({ length: 60 }, (_, n) => picture(60 * list + n)));
  assert.equal(lists(ready())?.condition, 'scan');
  const { bench, now } = ready();
  for (let n = 0; n < 12; n++) {
    const ip = visitorIp(n);
    for (const [at, asked] of [...pageLoad('/page/a', ip), { ...picture(9000 + n), ip }].entries())
      bench.feed(line(now + 10 * n + at, asked));
  }
  assert.equal(lists({ bench, now: now + 300 }), undefined);
});
