import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findWatchdogIntervalMs, SystemdNotifier } from '../../src/daemon/notify-systemd.ts';
import { temporaryFolder } from '../support/folder.ts';

/** A systemd-notify that writes down what it is told, one run a line. */
function standIn(t: TestContext, body = '') {
  const folder = temporaryFolder(t);
  const said = join(folder, 'said');
  writeFileSync(said, '');
  const script = `#!/bin/sh\n${body}\n(printf '%s|' "$@"; echo "$NOTIFY_SOCKET") >>${said}\n`;
  writeFileSync(join(folder, 'systemd-notify'), script);
  chmodSync(join(folder, 'systemd-notify'), 0o755);
  const warnings: string[] = [];
  const env = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '30000000', PATH: `${folder}:${process.env['PATH']}` };
  const clock = { ms: 0 };
  const notifier = new SystemdNotifier({ env, now: () => clock.ms, log: (_, message) => warnings.push(message) });
  return { notifier, clock, warnings, messages: () => readFileSync(said, 'utf8').trim().split('\n') };
}

test('messages arrive in order, the socket with them', async (t) => {
  const { notifier, messages } = standIn(t);
  notifier.starting('restoring');
  notifier.ready('watching 2 logs');
  notifier.reloading();
  notifier.ready('watching 3 logs');
  notifier.stopping();
  await notifier.close();
  assert.deepEqual(messages(), [
    'STATUS=restoring|EXTEND_TIMEOUT_USEC=60000000|/run/notify',
    'READY=1|STATUS=watching 2 logs|/run/notify',
    'RELOADING=1|STATUS=reloading|/run/notify',
    'READY=1|STATUS=watching 3 logs|/run/notify',
    'STOPPING=1|STATUS=stopping|/run/notify',
  ]);
});

test('signs of life and progress that wait are folded into one message, states never', async (t) => {
  const { notifier, messages } = standIn(t);
  notifier.ready('up');
  notifier.watchdog();
  notifier.starting('one');
  notifier.starting('two\nREADY=0');
  notifier.stopping();
  await notifier.close();
  assert.deepEqual(messages().slice(0, -1), [
    'READY=1|STATUS=up|/run/notify',
    'WATCHDOG=1|STATUS=two READY=0|EXTEND_TIMEOUT_USEC=60000000|/run/notify',
  ]);
});

test('signs of life cost one message a third of the limit, however often there is progress', async (t) => {
  const { notifier, clock, messages } = standIn(t);
  for (clock.ms = 0; clock.ms < 30_000; clock.ms += 500) {
    notifier.watchdog();
    await notifier.close();
  }
  assert.deepEqual(messages(), new Array(3).fill('WATCHDOG=1|/run/notify'));
});

test('a systemd that does not answer is told once and piles nothing up', async (t) => {
  const { notifier, warnings } = standIn(t, 'exit 1');
  for (let i = 0; i < 1000; i++) notifier.reloading();
  await notifier.close();
  assert.deepEqual(warnings, ['cannot notify systemd']);
});

test('without systemd nothing happens', async () => {
  const notifier = new SystemdNotifier({ env: { WATCHDOG_USEC: '1000000' }, log: () => assert.fail() });
  notifier.ready('up');
  notifier.watchdog();
  await notifier.close();
});

test('the watchdog is for this process only', () => {
  assert.equal(findWatchdogIntervalMs({ WATCHDOG_USEC: '30000000' }, 7), 10_000);
  assert.equal(findWatchdogIntervalMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7), 10_000);
  assert.equal(findWatchdogIntervalMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7), undefined);
  assert.equal(findWatchdogIntervalMs({ WATCHDOG_USEC: 'soon' }, 7), undefined);
  assert.equal(findWatchdogIntervalMs({}, 7), undefined);
});

const analyze = spawnSync('systemd-analyze', ['--version']).status === 0;

test('the unit is one that systemd understands', { skip: analyze ? false : 'systemd-analyze is not installed' }, () => {
  const { stderr } = spawnSync(
    'systemd-analyze',
    ['verify', '--man=no', `${import.meta.dirname}/../../systemd/zban.service`],
    {
      encoding: 'utf8',
    },
  );
  // The program is not installed on the machine that runs this.
  const about = stderr
    .split('\n')
    .filter((line) => line.includes('zban.service') && !line.includes('is not executable'));
  assert.deepEqual(about, []);
});
