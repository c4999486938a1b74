import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { loadAddress, loadSecret, Secret } from '../../src/notify/secret.ts';
import { temporaryFolder } from '../support/folder.ts';

const directory = temporaryFolder();

const URL_A = 'https://hooks.example.com/services/A';
const file = (name: string, content: string, mode = 0o600): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};
const VARIABLE = 'ZBAN_TEST_WEBHOOK_URL';
const load = (places: { file?: string; value?: string }, environment: Record<string, string> = {}) =>
  loadAddress(
    { key: 'notify.test.url', file: undefined, value: undefined, variable: VARIABLE, ...places },
    environment,
  );
const revealed = (loaded: ReturnType<typeof load>) => (loaded.kind === 'loaded' ? loaded.secret.reveal() : loaded);

test('the file decides before the configuration, which decides before the environment', () => {
  const path = file('url', `\n ${URL_A} \n`);
  const environment = { [VARIABLE]: `${URL_A}/environment` };
  const value = `${URL_A}/config`;
  assert.deepEqual(revealed(load({ file: path, value }, environment)), URL_A);
  assert.deepEqual(revealed(load({ value }, environment)), value);
  assert.deepEqual(revealed(load({}, environment)), `${URL_A}/environment`);
  assert.deepEqual(load({}, {}), { kind: 'none' });
  assert.deepEqual(load({}, { [VARIABLE]: '  ' }), { kind: 'none' });
});

test('a file that everybody may read works with a warning', () => {
  const path = file('open', URL_A, 0o644);
  const loaded = load({ file: path });
  assert.ok(loaded.kind === 'loaded');
  assert.deepEqual(loaded.warnings, [
    `${path} can be read by everybody (mode 644) and holds a secret: chmod o-rwx ${path}`,
  ]);
  const closed = load({ file: file('closed', URL_A, 0o640) });
  assert.deepEqual(closed.kind === 'loaded' && closed.warnings, []);
});

test('a file that does not serve is an error with its path, never a silent fall back', () => {
  const environment = { [VARIABLE]: URL_A };
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
    const loaded = load({ file: path }, environment);
    assert.ok(loaded.kind === 'error', path);
    assert.match(loaded.message, problem);
    assert.ok(loaded.message.includes(path));
    assert.doesNotMatch(loaded.message, /s3cr3t/);
  }
});

test('a file that may not be read is an error', () => {
  const path = file('forbidden', URL_A, 0);
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    const loaded = load({ file: path });
    assert.ok(loaded.kind === 'error');
    assert.match(loaded.message, /may not be read/);
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test('unencrypted addresses warn, except on this host', () => {
  const warnings = (value: string) => {
    const loaded = load({ value });
    return loaded.kind === 'loaded' ? loaded.warnings.length : loaded;
  };
  assert.equal(warnings('http://hooks.example.com/x'), 1);
  assert.equal(warnings('http://127.0.0.1:8080/x'), 0);
  assert.equal(warnings('http://[::1]:8080/x'), 0);
});

test('the address shows itself to nobody who only prints it', () => {
  const url = new Secret(URL_A);
  const printed = [String(url), JSON.stringify({ url }), inspect({ url }, { showHidden: true, depth: 9 }), `${url}`];
  assert.doesNotMatch(printed.join(), /services/);
  assert.equal(url.reveal(), URL_A);
});

test('a token is any text that a header can carry', () => {
  const token = (value: string) => loadSecret({ key: 'notify.test.token', value, file: undefined }, {});
  const loaded = token('s3cr3t-T0ken_1');
  assert.equal(loaded.kind === 'loaded' && loaded.secret.reveal(), 's3cr3t-T0ken_1');
  for (const text of ['two words', 'a\r\nb', 'schlüssel']) {
    const refused = token(text);
    assert.ok(refused.kind === 'error');
    assert.equal(refused.message, 'notify.test.token holds spaces or characters that are not ASCII');
  }
});
