/** `zban explain` as a command: whom it takes, what it answers in JSON, and with which exit code. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { evidenceOf } from '../support/evidence.ts';
import { logLine } from '../support/traffic.ts';
import { banDraft, record } from './recorded.ts';
import { runZban } from './run-zban.ts';

const { condition, ...numbers } = evidenceOf('scan');
const ban = banDraft('203.0.113.9', { condition, numbers });

/** Without the line feeds that fit notes to the width. */
const unwrapped = (text: string) => text.replace(/\s+/g, ' ');

test('explain takes an address, an entry by its number, and says when there is nothing', async (t) => {
  const { config } = record(t, [ban]);
  for (const subject of ['203.0.113.9', '1', '#1']) {
    const { exitCode, stdout } = await runZban(['explain', subject, '--config', config]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /zban banned 203\.0\.113\.9 for 10m, tier 1 \(entry #1\)/);
    assert.ok(stdout.includes(`zban unban 203.0.113.9 --config ${config}\n`), stdout);
  }
  for (const subject of ['192.0.2.77', '99']) {
    const { exitCode, stderr } = await runZban(['explain', subject, '--config', config]);
    assert.equal(exitCode, 5);
    assert.match(stderr, /nothing is recorded about/);
  }
  assert.equal((await runZban(['explain', 'nonsense', '--config', config])).exitCode, 2);
});

test('explain --json has the same facts', async (t) => {
  const { config } = record(t, [ban]);
  const { stdout } = await runZban(['explain', '203.0.113.9', '--json', '--config', config]);
  const told = JSON.parse(stdout);
  assert.equal(told.client, '203.0.113.9');
  assert.equal(told.entry.id, 1);
  assert.deepEqual(told.entry.numbers, JSON.parse(JSON.stringify(numbers)));
  assert.match(told.reason.tolerated, /^A burst of about 12 requests for paths where nobody else is served/);
  assert.equal(told.active.audit_id, 1);
  assert.deepEqual(told.next, { tier: 2, duration_seconds: 1800 });
  assert.deepEqual([told.earlier_bans, told.within, told.allowed], [[], [], null]);
});

test('explain tells what a client that was never judged asked for in the last hour', async (t) => {
  const { config, folder } = record(t, []);
  const second = Math.floor(Date.now() / 1000) - 60;
  writeFileSync(join(folder, 'access.log'), `${logLine(second, '192.0.2.77', '/shop')}\n`);
  const { exitCode, stdout } = await runZban(['explain', '192.0.2.77', '--config', config]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^192\.0\.2\.77 is not banned and never was\.\n/);
  assert.match(stdout, /Last hour +1 request, \S+ \S+: 2xx\.\n +1 path: GET \/shop \(1\)\n/);
  const { stdout: told } = await runZban(['explain', '192.0.2.77', '--json', '--config', config]);
  const { entry, activities } = JSON.parse(told);
  assert.deepEqual([entry, activities.length, activities[0].requests], [null, 1, 1]);
});

test('explain tells what is recorded also where other sections of the configuration are wrong', async (t) => {
  const { config } = record(t, [ban]);
  appendFileSync(config, '\nnotify: { slack: { quiet_hours: soon } }\n');
  const { exitCode, stdout } = await runZban(['explain', '203.0.113.9', '--config', config]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /zban banned 203\.0\.113\.9/);
  assert.match(stdout, /Note +the logs were not searched: see zban check\./);
});

test('explain finds an IPv4 address that asked through a translator, and names it where the address itself is banned', async (t) => {
  const { config, folder, trail } = record(t, []);
  const second = Math.floor(Date.now() / 1000) - 60;
  writeFileSync(join(folder, 'access.log'), `${logLine(second, '64:ff9b::203.0.113.7', '/shop')}\n`);
  const unknown = await runZban(['explain', '203.0.113.7', '--config', config]);
  assert.equal(unknown.exitCode, 0);
  assert.match(unknown.stdout, /^64:ff9b::cb00:7107 is not banned and never was\.\n/);
  assert.match(
    unwrapped(unknown.stdout),
    /203\.0\.113\.7 arrives as 64:ff9b::cb00:7107, which a ban of 203\.0\.113\.7 does not stop\./,
  );
  trail.append([banDraft('203.0.113.7')]);
  const banned = await runZban(['explain', '203.0.113.7', '--config', config]);
  assert.match(banned.stdout, /zban banned 203\.0\.113\.7 for 10m/);
  assert.match(
    unwrapped(banned.stdout),
    /203\.0\.113\.7 arrives as 64:ff9b::cb00:7107 \(zban explain 64:ff9b::cb00:7107\), which/,
  );
});
