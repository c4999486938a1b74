/** With a real process: a log behind a proxy, and bans that drop nothing. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

const now = () => Math.floor(Date.now() / 1000);

test('a proxy in the log is told of with the fixing, and is not banned', async (t) => {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  const begin = now() - 600;
  const lines = Array.from({ length: 2400 }, (_, n) =>
    logLine(begin + Math.floor(n / 4), '10.0.0.5', `/page/${n % 9}`, 200, `Mozilla/5.0 (${n % 25})`),
  );
  writeFileSync(daemon.log, lines.map((line) => `${line}\n`).join(''));
  await daemon.start();
  const told = await until('the trouble', () => daemon.status()?.troubles.find((text) => text.includes('10.0.0.5')));
  assert.match(
    told,
    /the log shows 10.0.0.5 where clients should be: a proxy: 100 % of all requests .*set_real_ip_from 10.0.0.5;/,
  );
  const flood = Array.from({ length: 1500 }, (_, n) => logLine(now(), '10.0.0.5', `/flood/${n}`));
  appendFileSync(daemon.log, flood.map((line) => `${line}\n`).join(''));
  await until('it is refused', () => /refused/i.test(daemon.zban('audit').stdout));
  assert.deepEqual(daemon.json('list'), []);
  const { status, stderr } = daemon.zban('ban', '10.0.0.5');
  assert.equal(status, 1);
  assert.match(stderr, /never banned: a proxy/);
});

test('banned clients that keep coming are told of, once', async (t) => {
  const daemon = new TestDaemon({ config: { baseline: { warmup_max_requests: 100 } } });
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  await daemon.start();
  const flood = (second: number) =>
    Array.from({ length: 300 }, (_, n) => `${logLine(second, '203.0.113.9', `/${n}`)}\n`).join('');
  const begin = now();
  for (let second = begin; second < begin + 10; second++) appendFileSync(daemon.log, flood(second));
  const told = await until('the trouble', () =>
    daemon.status()?.troubles.find((text) => text.includes('still reaches')),
  );
  assert.match(
    told,
    /^203.0.113.9 is banned and still reaches nginx: \d+ requests in \d+ s since; the backend dry-run/,
  );
  // The status knows before the record thread has written it.
  const rows = await until('its row', () => {
    const found = daemon.zban('audit').stdout.split('\n');
    const own = found.filter((line) => line.includes('still reaches'));
    return own.length > 0 && own;
  });
  assert.equal(rows.length, 1);
});
