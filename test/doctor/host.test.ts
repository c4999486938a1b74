import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { Status } from '../../src/core/status.ts';
import { checkDaemon } from '../../src/doctor/daemon.ts';
import { checkPlaces, checkSlack, checkSsh } from '../../src/doctor/host.ts';

const DEFAULTS = configSchema.parse({});

test('a port of sshd that a ban would close is a failure with the setting that opens it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const sshd = join(folder, 'sshd_config');
  writeFileSync(sshd, '# Port 9\nPort 22\nPort 2222\n');
  const found = checkSsh(DEFAULTS, {}, sshd);
  assert.equal(found.level, 'fail');
  assert.equal(found.mend, 'set firewall.protect_ports: [22, 2222]');
  assert.equal(checkSsh(DEFAULTS, { SSH_CONNECTION: '192.0.2.1 5000 192.0.2.2 2200' }, '/nonexistent').level, 'fail');
  assert.equal(checkSsh(DEFAULTS, { SSH_CONNECTION: '192.0.2.1 5000 192.0.2.2 22' }, '/nonexistent').level, 'ok');
});

test('Slack: none, one that cannot be read, one that can; never its address', () => {
  assert.equal(checkSlack(DEFAULTS, {}).level, 'warn');
  const missing = configSchema.parse({ notify: { slack: { webhook_url_file: '/nonexistent/webhook' } } });
  assert.equal(checkSlack(missing, {}).level, 'fail');
  const found = checkSlack(DEFAULTS, { ZBAN_SLACK_WEBHOOK_URL: 'https://hooks.example.com/services/SECRET' });
  assert.equal(found.level, 'ok');
  assert.doesNotMatch(JSON.stringify(found), /SECRET/);
});

test('folders that are not there are failures', () => {
  const config = configSchema.parse({
    state: { database: '/nonexistent/zban.db' },
    audit: { log: join(tmpdir(), 'audit.log') },
  });
  const levels = new Map(checkPlaces(config).map(({ check, level }) => [check, level]));
  assert.equal(levels.get('folder /nonexistent'), 'fail');
  assert.notEqual(levels.get(`folder ${tmpdir()}`), 'fail');
});

test('the daemon: not running, with troubles, behind, out of date, observing', () => {
  const status = {
    state: 'running',
    mode: 'enforce',
    config_version: 'v1',
    troubles: [],
    log_lag_seconds: 1,
    fuse_blown: false,
    lines_total: 10,
    active_bans: 2,
  } as unknown as Status;
  const check = (changes: Partial<Status>) => checkDaemon(DEFAULTS, 'v1', { ...status, ...changes });
  assert.deepEqual(
    check({}).map(({ level }) => level),
    ['ok'],
  );
  assert.equal(checkDaemon(DEFAULTS, 'v1', undefined)[0]?.level, 'fail');
  assert.match(check({ troubles: ['the log is missing'] })[0]?.message ?? '', /the log is missing/);
  assert.match(check({ config_version: 'v0' })[0]?.mend ?? '', /reload/);
  assert.match(check({ log_lag_seconds: 300 })[0]?.message ?? '', /300 s behind/);
  assert.match(check({ mode: 'observe' })[0]?.message ?? '', /bans nobody/);
  assert.equal(check({ fuse_blown: true })[0]?.level, 'fail');
});
