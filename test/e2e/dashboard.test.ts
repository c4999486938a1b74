/** The dashboard of a real daemon: traffic from the history of the log, over a restart; why a client is banned; and a person who undoes it. */
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { logLine } from '../support/traffic.ts';

const TOKEN = 'f'.repeat(64);
const PER_MINUTE = 30;

test('it knows the hours before its start, keeps them, explains a ban and takes a release from a person', async (t) => {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  const url = `http://127.0.0.1:${await freePort()}`;
  const tokens = join(daemon.folder, 'tokens');
  writeFileSync(tokens, `alice ${TOKEN}\n`);
  chmodSync(tokens, 0o600);
  daemon.configure({ http: { listen: new URL(url).host, token_file: tokens } });
  const nowSecond = Math.floor(Date.now() / 1000);
  const from = (Math.floor(nowSecond / 300) - 24) * 300;
  const lines: string[] = [];
  for (let second = from; second < nowSecond; second += 60 / PER_MINUTE)
    lines.push(logLine(second, `192.0.2.${second % 50}`, '/', (second / 2) % 10 === 0 ? 404 : 200));
  appendFileSync(daemon.log, `${lines.join('\n')}\n`);
  await daemon.start();
  const traffic = async () => (await (await fetch(`${url}/api/traffic?range=24h`)).json()) as Record<string, number[]>;
  const known = (series: Record<string, number[]>) =>
    (series['requests'] ?? []).flatMap((rate, index) => (rate === null ? [] : [[rate, series['refused']?.[index]]]));
  const steps = await until('the steps of the history', async () => {
    const found = known(await traffic());
    return found.length >= 23 && found;
  });
  for (const step of steps.slice(1, -2)) assert.deepEqual(step, [PER_MINUTE / 60, PER_MINUTE / 600]);

  await daemon.stop();
  await daemon.start();
  assert.deepEqual(known(await traffic()).slice(0, 20), steps.slice(0, 20), 'over a restart, nothing twice');

  daemon.zban('ban', '203.0.113.9', '--for', '1h', '--reason', 'a drill');
  const explain = async () =>
    (await (await fetch(`${url}/api/explain?subject=203.0.113.9`)).json()) as {
      isBanned: boolean;
      title: string;
      timeline: { label: string; actor: string }[];
    };
  const banned = await explain();
  assert.equal(banned.isBanned, true);
  assert.match(banned.title, /^203\.0\.113\.9 is (to be )?banned until/);
  const act = (body: object) =>
    fetch(`${url}/api/action`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(body),
    });
  assert.equal((await act({ action: 'unban', target: '203.0.113.9', reason: 'it was one' })).status, 200);
  assert.equal((await act({ action: 'annotate', reason: 'deploy 1.4.2' })).status, 200);
  const released = await explain();
  assert.equal(released.isBanned, false);
  assert.deepEqual(
    released.timeline.map(({ label, actor }) => [label, actor === 'alice']),
    [
      ['unbanned', true],
      ['banned', false],
    ],
  );
  assert.match(daemon.auditText(), /UNBAN 203\.0\.113\.9 \| it was one \| operator:alice/);
  assert.match(JSON.stringify((await traffic())['marks']), /"kind":"annotation".*"text":"deploy 1\.4\.2"/);
});
