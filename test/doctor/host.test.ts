import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { ControlError } from '../../src/control/error.ts';
import { checkDaemon } from '../../src/doctor/daemon.ts';
import { checkChannels, checkPlaces, checkSsh } from '../../src/doctor/host.ts';
import { checkService, findService, type Service } from '../../src/doctor/service.ts';
import type { Status } from '../../src/model/status.ts';

const DEFAULTS = configSchema.parse({});

test('a port of sshd that a ban would close is a failure with the setting that opens it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const sshd = join(folder, 'sshd_config');
  writeFileSync(sshd, '# Port 9\nPort 22\nPort 2222\n');
  const found = checkSsh(DEFAULTS, {}, sshd);
  assert.equal(found.level, 'fail');
  assert.equal(found.fix, 'set firewall.protect_ports: [22, 2222]');
  assert.equal(checkSsh(DEFAULTS, { SSH_CONNECTION: '192.0.2.1 5000 192.0.2.2 2200' }, '/nonexistent').level, 'fail');
  assert.equal(checkSsh(DEFAULTS, { SSH_CONNECTION: '192.0.2.1 5000 192.0.2.2 22' }, '/nonexistent').level, 'ok');
  const unprotected = configSchema.parse({ firewall: { protect_ports: [] } });
  assert.deepEqual(checkSsh(unprotected, {}, '/nonexistent'), {
    check: 'SSH',
    level: 'warn',
    message: 'a false ban of yourself takes your SSH with it',
    fix: 'set firewall.protect_ports: [22]',
  });
});

test('channels: none, one that cannot be read, one that can; never a secret', () => {
  const levels = (notify: object, env = {}) =>
    checkChannels(configSchema.parse({ notify }), env).map(({ level }) => level);
  assert.deepEqual(levels({}), ['warn']);
  assert.deepEqual(
    levels({ slack: { webhook_url_file: '/nonexistent/webhook' }, email: { to: ['ops@example.com'] } }),
    ['fail', 'ok'],
  );
  const webhook = [{ template: 'pagerduty', token: 'SECRET' }, { url: 'https://hooks.example.com/SECRET' }];
  const found = checkChannels(configSchema.parse({ notify: { webhook } }), {
    ZBAN_SLACK_WEBHOOK_URL: 'https://hooks.example.com/services/SECRET',
  });
  assert.deepEqual(
    found.map(({ check }) => check),
    ['channel slack', 'channel pagerduty', 'channel json'],
  );
  assert.ok(found.every(({ level }) => level === 'ok'));
  assert.doesNotMatch(JSON.stringify(found), /SECRET/);
});

const INSTALLED = { load: 'loaded', active: 'inactive', boot: 'enabled' };
const ACTIVE = { ...INSTALLED, active: 'active' };
const STOPPED = new ControlError('not_running', 'no zban daemon answers');

test('a folder that a start makes is no failure while zban is stopped, and one while it runs', () => {
  const config = configSchema.parse({
    state: { database: '/nonexistent/zban.db' },
    audit: { log: join(tmpdir(), 'audit.log') },
  });
  const find = (running: boolean, active: string) =>
    checkPlaces(config, running, { ...INSTALLED, active }).find(({ check }) => check === 'folder /nonexistent');
  assert.equal(find(false, 'inactive')?.level, 'warn');
  assert.equal(find(false, 'inactive')?.fix, 'systemctl start zban');
  assert.equal(find(true, 'active')?.level, 'fail');
  assert.equal(find(true, 'active')?.fix, 'systemctl restart zban');
  assert.notEqual(checkPlaces(config, false).find(({ check }) => check === `folder ${tmpdir()}`)?.level, 'fail');
});

test('advice on starting zban depends on the state of its service', async () => {
  const say = (text: string | undefined) => findService(async () => text);
  const service = await say('LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n');
  assert.deepEqual(service, { ...INSTALLED, boot: 'disabled' });
  assert.deepEqual(checkService(service), [
    { check: 'service', level: 'warn', message: 'does not start at boot', fix: 'systemctl enable zban' },
  ]);
  const absent = await say('LoadState=not-found\nActiveState=inactive\nUnitFileState=\n');
  assert.match(checkService(absent)[0]?.message ?? '', /is not installed/);
  assert.match(checkService(absent)[0]?.fix ?? '', /^sudo scripts\/install/);
  assert.equal(await say(undefined), undefined);
  const fixOf = (found: Service | undefined) => checkDaemon(DEFAULTS, 'v1', STOPPED, found)[0]?.fix ?? '';
  assert.equal(fixOf({ ...INSTALLED }), 'systemctl start zban');
  assert.match(fixOf({ ...INSTALLED, active: 'failed' }), /^journalctl -u zban/);
  assert.match(fixOf({ ...INSTALLED, load: 'masked' }), /^systemctl unmask zban/);
  assert.match(fixOf(absent), /zban run/);
  assert.equal(fixOf(undefined), 'zban run');
});

test('the daemon: not running, with troubles, behind, out of date, observing', () => {
  const status = {
    state: 'running',
    mode: 'enforce',
    config_version: 'v1',
    troubles: [],
    log_lag_seconds: 1,
    fuse_tripped: false,
    fuse_until: null,
    lines_total: 10,
    active_bans: 2,
  } as unknown as Status;
  const check = (changes: Partial<Status>) => checkDaemon(DEFAULTS, 'v1', { ...status, ...changes }, ACTIVE);
  assert.deepEqual(
    check({}).map(({ level }) => level),
    ['ok'],
  );
  assert.equal(checkDaemon(DEFAULTS, 'v1', STOPPED)[0]?.level, 'fail');
  // Only what is known to be stopped is called stopped.
  const forbidden = checkDaemon(DEFAULTS, 'v1', new ControlError('no_permission', 'no permission'))[0];
  assert.equal(forbidden?.fix, 'sudo zban doctor');
  assert.doesNotMatch(forbidden?.message ?? '', /not running/);
  const hung = checkDaemon(DEFAULTS, 'v1', new ControlError('failed', 'no answer within 3 s'), ACTIVE)[0];
  assert.match(hung?.fix ?? '', /systemctl restart zban$/);
  assert.match(hung?.message ?? '', /no answer within 3 s/);
  assert.match(check({ troubles: ['the log is missing'] })[0]?.message ?? '', /the log is missing/);
  assert.equal(check({ config_version: 'v0' })[0]?.fix, 'systemctl reload zban');
  assert.match(check({ log_lag_seconds: 300 })[0]?.message ?? '', /300 s behind/);
  assert.match(check({ mode: 'observe' })[0]?.message ?? '', /bans nobody/);
  assert.equal(check({ fuse_tripped: true })[0]?.level, 'fail');
});
