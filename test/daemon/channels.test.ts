/** With a real process: channels that work, one that fails and one that cannot be used, and a note that outlives a restart. */
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Finding } from '../../src/doctor/finding.ts';
import { answer, startStandIn } from '../notify/slack-stand-in.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

test('each channel by itself: one that fails and one that is broken are reported, by e-mail and in Slack', async (t) => {
  const slack = await startStandIn();
  t.after(() => slack.close());
  const dead = await startStandIn();
  t.after(() => dead.close());
  dead.answers = Array.from({ length: 100 }, () => answer(500, 'SECRET'));
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  const [sendmail, mail] = [join(daemon.folder, 'sendmail'), join(daemon.folder, 'mail')];
  writeFileSync(sendmail, `#!/bin/sh\ncat >> '${mail}'\n`);
  chmodSync(sendmail, 0o755);
  daemon.configure({
    name: 'web-1',
    notify: {
      slack: { webhook_url: slack.url },
      webhook: [
        { name: 'dead', url: dead.url, token: 'SECRET' },
        { name: 'broken', template: 'telegram', token_file: join(daemon.folder, 'nothing'), chat: '1' },
      ],
      email: { to: ['ops@example.com'], sendmail: [sendmail, '-t'] },
    },
  });
  writeFileSync(daemon.log, '');
  await daemon.start();
  assert.equal(daemon.zban('annotate', 'deploy 1.4.2').status, 0);
  await daemon.stop();
  await daemon.start();

  const now = Math.floor(Date.now() / 1000);
  const probes = Array.from({ length: 60 }, (_, n) => logLine(now, '203.0.113.213', `/${n}/.env`, 404));
  appendFileSync(daemon.log, probes.map((line) => `${line}\n`).join(''));
  const mails = () => (existsSync(mail) ? readFileSync(mail, 'utf8') : '');
  const sentence = 'web-1 banned 203.0.113.213 for 10 min: scanning for .env';
  await until('the ban by e-mail', () => mails().includes(`Subject: ${sentence}\n`));
  await until('the ban in Slack', () => slack.texts.includes(sentence));
  assert.match(mails(), /\nNote: (just|\d+ min) after deploy 1\.4\.2\n/, 'the note was made before the restart');
  assert.match(mails(), /Subject: web-1: zban reports trouble: channel broken: notify\.webhook\[1\]\.token_file /);
  await until('the dead channel is reported in Slack', () =>
    slack.texts.some((text) => /messages to dead \(the webhook\) wait: the webhook answered 500/.test(text)),
  );
  const status = daemon.status();
  assert.ok(status?.troubles.some((text) => text.includes('messages to dead')));
  const findings = JSON.parse(daemon.zban('doctor', '--json').stdout) as Finding[];
  const checks = findings.filter(({ check }) => check.startsWith('channel ')).map(({ check, level }) => [check, level]);
  assert.deepEqual(checks, [
    ['channel slack', 'ok'],
    ['channel dead', 'ok'],
    ['channel broken', 'fail'],
    ['channel email', 'ok'],
  ]);
  assert.match(daemon.zban('audit').stdout, /operator:\S+ ANNOTATE: deploy 1\.4\.2/);
  assert.doesNotMatch(JSON.stringify([daemon.stderr, status, findings, slack.texts, mails()]), /SECRET/);
});

test('a command beside a stopped daemon drops no message and sends its own, whatever mistakes the configuration has', async (t) => {
  const slack = await startStandIn();
  t.after(() => slack.close());
  slack.answers = Array.from({ length: 1000 }, () => answer(500, 'busy'));
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  const notify = { slack: { webhook_url: slack.url } };
  const [first, second] = ['203.0.113.1', '203.0.113.2'];
  daemon.configure({ notify });
  await daemon.start();
  assert.equal(daemon.zban('ban', first, second).status, 0);
  await until('Slack is asked in vain', () => slack.answers.length < 1000);
  await daemon.stop();
  slack.answers = [];
  const unban = (client: string) => {
    const { status, stderr } = daemon.zban('unban', client);
    assert.equal(status, 0, stderr);
    assert.equal(stderr.split('the configuration has mistakes').length, 2, `said once: ${stderr}`);
    assert.doesNotMatch(stderr, /dropped/);
  };
  daemon.configure({ notify, bans: { schedul: ['1m'] } });
  unban(first);
  daemon.configure({ notify: { slack: { webhook: slack.url } } });
  unban(second);
  daemon.configure({ notify });
  await daemon.start();
  await until('a ban of before and the first release are told', () =>
    [`${second} banned`, `released ${first}`].every((said) => slack.texts.some((text) => text.includes(said))),
  );
});
