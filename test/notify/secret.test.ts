import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { loadWebhook, WEBHOOK_VARIABLE, WebhookUrl } from '../../src/notify/secret.ts';

const directory = mkdtempSync(join(tmpdir(), 'zban-secret-'));
after(() => rmSync(directory, { recursive: true }));

const URL_A = 'https://hooks.example.com/services/A';
const file = (name: string, content: string, mode = 0o600): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};
const revealed = (loaded: ReturnType<typeof loadWebhook>) =>
  loaded.kind === 'loaded' ? [loaded.origin, loaded.url.reveal()] : loaded;

test('the file decides before the configuration, which decides before the environment', () => {
  const webhook_url_file = file('url', `\n ${URL_A} \n`);
  const environment = { [WEBHOOK_VARIABLE]: `${URL_A}/environment` };
  const webhook_url = `${URL_A}/config`;
  assert.deepEqual(revealed(loadWebhook({ webhook_url_file, webhook_url }, environment)), ['file', URL_A]);
  assert.deepEqual(revealed(loadWebhook({ webhook_url }, environment)), ['config', webhook_url]);
  assert.deepEqual(revealed(loadWebhook({}, environment)), ['environment', `${URL_A}/environment`]);
  assert.deepEqual(loadWebhook({}, {}), { kind: 'none' });
  assert.deepEqual(loadWebhook({}, { [WEBHOOK_VARIABLE]: '  ' }), { kind: 'none' });
});

test('a file that everybody may read works with a warning', () => {
  const path = file('open', URL_A, 0o644);
  const loaded = loadWebhook({ webhook_url_file: path }, {});
  assert.ok(loaded.kind === 'loaded');
  assert.deepEqual(loaded.warnings, [
    `${path} can be read by everybody (mode 644) and holds a secret: chmod o-rwx ${path}`,
  ]);
  const closed = loadWebhook({ webhook_url_file: file('closed', URL_A, 0o640) }, {});
  assert.deepEqual(closed.kind === 'loaded' && closed.warnings, []);
});

test('a file that does not serve is an error with its path, never a silent fall back', () => {
  const environment = { [WEBHOOK_VARIABLE]: URL_A };
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const [path, problem] of [
    [join(directory, 'missing'), /does not exist/],
    [directory, /not a regular file/],
    [pipe, /not a regular file/],
    [file('empty', ' \n'), /is empty/],
    [file('long', 'x'.repeat(5000)), /5000 bytes/],
    [file('words', 'xoxb-s3cr3t-token'), /does not hold an https:\/\/ address/],
  ] as const) {
    const loaded = loadWebhook({ webhook_url_file: path }, environment);
    assert.ok(loaded.kind === 'error', path);
    assert.match(loaded.message, problem);
    assert.ok(loaded.message.includes(path));
    assert.doesNotMatch(loaded.message, /s3cr3t/);
  }
});

test('a file that may not be read is an error', () => {
  const webhook_url_file = file('forbidden', URL_A, 0);
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    const loaded = loadWebhook({ webhook_url_file }, {});
    assert.ok(loaded.kind === 'error');
    assert.match(loaded.message, /may not be read/);
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test('unencrypted addresses warn, except on this host', () => {
  const warnings = (webhook_url: string) => {
    const loaded = loadWebhook({ webhook_url }, {});
    return loaded.kind === 'loaded' ? loaded.warnings.length : loaded;
  };
  assert.equal(warnings('http://hooks.example.com/x'), 1);
  assert.equal(warnings('http://127.0.0.1:8080/x'), 0);
  assert.equal(warnings('http://[::1]:8080/x'), 0);
});

test('the address shows itself to nobody who only prints it', () => {
  const url = new WebhookUrl(URL_A);
  const printed = [String(url), JSON.stringify({ url }), inspect({ url }, { showHidden: true, depth: 9 }), `${url}`];
  assert.doesNotMatch(printed.join(), /services/);
  assert.equal(url.reveal(), URL_A);
});
