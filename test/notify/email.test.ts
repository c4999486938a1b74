import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { Channel } from '../../src/notify/channel.ts';
import { openEmail, toEmail } from '../../src/notify/email.ts';
import { formatMessage } from '../../src/notify/format.ts';
import { temporaryFolder } from '../support/folder.ts';
import { DEADLINE_MS } from '../support/until.ts';
import { ban, unban } from './examples.ts';

const folder = temporaryFolder();

const taken = join(folder, 'taken');
const message = formatMessage(ban(), { host: 'web-1' });

/** A program in sendmail's place that keeps what it was given and runs `script`. */
function open(script: string, change: object = {}, timeoutMs = DEADLINE_MS): Channel {
  const program = join(folder, 'sendmail');
  writeFileSync(program, `#!/bin/sh\necho "$@" > '${taken}.args'\n${script}\n`);
  chmodSync(program, 0o755);
  const email = { to: ['ops@example.com', 'ann@example.com'], sendmail: [program, '-t', '-oi'], ...change };
  const [channel] = openEmail(configSchema.parse({ notify: { email } }).notify.email, {}, timeoutMs);
  assert.ok(channel && 'deliver' in channel);
  return channel;
}

test('sendmail gets the message with its recipients on standard input', async () => {
  const { deliver } = open(`cat > '${taken}'`, { from: 'zban@example.com' });
  assert.deepEqual(await deliver(message), { outcome: 'ok' });
  assert.equal(readFileSync(`${taken}.args`, 'utf8'), '-t -oi\n');
  const [head = '', ...body] = readFileSync(taken, 'utf8').split('\n\n');
  assert.match(head, /^From: zban <zban@example\.com>\nTo: ops@example\.com, ann@example\.com\nSubject: web-1 banned /);
  assert.match(head, /\nAuto-Submitted: auto-generated\n/);
  assert.match(body.join('\n\n'), /^web-1 banned 203\.0\.113\.9 for 10 min.*\n\nIt sent 330 requests/);
});

test('the end of an incident is in the thread of its beginning', async () => {
  const references = async (what: typeof message) => {
    await open(`cat > '${taken}'`).deliver(what);
    return /^References: (.*)$/m.exec(readFileSync(taken, 'utf8'))?.[1];
  };
  const begun = await references(message);
  assert.match(begun ?? '', /^<\w+@zban\.invalid>$/);
  assert.equal(await references(formatMessage(unban('203.0.113.9'), { host: 'web-1' })), begun);
});

test('what may pass is tried again, what cannot pass is final and says how to fix it', async () => {
  assert.deepEqual(await open('exit 75').deliver(message), {
    outcome: 'retry',
    cause: `${folder}/sendmail ended with 75`,
  });
  const refused = await open('cat > /dev/null; exit 67').deliver(message);
  assert.ok(refused.outcome === 'final');
  assert.match(refused.fix, /notify\.email\.to/);
  const [missing] = openEmail(
    { ...configSchema.parse({}).notify.email, to: ['a@example.com'], sendmail: [join(folder, 'missing')] },
    {},
    DEADLINE_MS,
  );
  assert.ok(missing && 'deliver' in missing);
  assert.deepEqual(await missing.deliver(message), {
    outcome: 'retry',
    cause: `${folder}/missing cannot be run (ENOENT)`,
  });
});

test('a program that hangs is killed after the time limit, and given up when zban stops', async () => {
  const hang = open('exec sleep 60', {}, 200);
  assert.deepEqual(await hang.deliver(message), {
    outcome: 'retry',
    cause: `${folder}/sendmail did not end within 200 ms`,
  });
  const giveUp = new AbortController();
  const delivery = open('exec sleep 60').deliver(message, giveUp.signal);
  giveUp.abort();
  assert.deepEqual(await delivery, { outcome: 'retry', cause: 'given up' });
});

test('a program that reads nothing of a long message is judged by its exit code', async () => {
  const long = { ...message, details: Array.from({ length: 500 }, () => 'x'.repeat(1000)) };
  assert.deepEqual(await open('exit 0').deliver(long), { outcome: 'ok' });
});

test('no line of an e-mail is longer than a mail server takes, and nothing of a long one is lost', () => {
  const words = Array.from({ length: 200 }, (_, index) => `word${index}`);
  const details = [words.join(' '), '漢'.repeat(900)];
  const email = toEmail({ ...message, details }, { to: ['ops@example.com'], from: undefined });
  for (const line of email.split('\n')) assert.ok(Buffer.byteLength(line) <= 998, line);
  assert.ok(email.replaceAll('\n', ' ').includes(words.join(' ')));
  assert.equal(email.match(/漢/g)?.length, 900);
});

test('no recipient, no e-mail', () => {
  assert.deepEqual(openEmail(configSchema.parse({}).notify.email, {}, DEADLINE_MS), []);
});
