import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { checkLogs } from '../../src/doctor/logs.ts';
import { combinedLine, logLine, START, visitorIp } from '../support/traffic.ts';

function check(t: TestContext, text: string | undefined, { writtenSecond = START, nowSecond = START } = {}): Finding[] {
  const folder = mkdtempSync(join(tmpdir(), 'zban-doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'access.log');
  if (text !== undefined) {
    writeFileSync(path, text);
    utimesSync(path, writtenSecond, writtenSecond);
  }
  return checkLogs(configSchema.parse({ logs: [{ path }] }), nowSecond * 1000);
}

const lines = (count: number, line: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => `${line(n)}\n`).join('');
const good = (n: number) =>
  logLine(START - 300 + n, visitorIp(n), `/${n}`).replace('}', ',"http_referer":"https://www.example.org/"}');
const levels = (found: readonly Finding[]) => found.map(({ level }) => level).join(' ');

test('a log as it should be', (t) => {
  const found = check(t, lines(300, good));
  assert.equal(levels(found), 'ok');
  assert.match(found[0]?.message ?? '', /^300 newest lines/);
});

test('lines over the limit are read as the daemon reads them', (t) => {
  const long = (n: number) => good(n + 291).replace('}', `,"host":"${'x'.repeat(100_000)}"}`);
  const found = check(t, lines(9, long));
  assert.equal(levels(found), 'ok');
  assert.match(found[0]?.message ?? '', /^9 newest lines/);
});

test('missing, empty, a directory, a glob without files', (t) => {
  assert.match(check(t, undefined)[0]?.message ?? '', /is not there/);
  assert.equal(levels(check(t, '')), 'warn');
  const folder = mkdtempSync(join(tmpdir(), 'zban-doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'logs'));
  for (const path of [join(folder, 'logs'), join(folder, 'logs', '*.log')]) {
    assert.equal(levels(checkLogs(configSchema.parse({ logs: [{ path }] }), START * 1000)), 'fail', path);
  }
});

test('a pipe, which nginx of a container may write to: it keeps no lines', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'access.log');
  execFileSync('mkfifo', [path]);
  // So that whoever opens it to read does not wait for a writer.
  const writer = openSync(path, constants.O_RDWR);
  t.after(() => closeSync(writer));
  const found = checkLogs(configSchema.parse({ logs: [{ path }] }), START * 1000);
  assert.deepEqual(levels(found), 'fail');
  assert.equal(found[0]?.message, 'cannot be followed: not a regular file');
  assert.match(found[0]?.fix ?? '', /pipe/);
});

test('lines from the future of this host: its clock is to be set, not the format', (t) => {
  const found = check(t, lines(100, good), { nowSecond: START - 90_000 });
  assert.match(found[0]?.message ?? '', /not understood \(future\)/);
  assert.match(found[0]?.fix ?? '', /timedatectl/);
});

test('lines that are not understood, with the reason and the fixing', (t) => {
  const found = check(
    t,
    lines(100, (n) => (n % 5 === 0 ? '{"path":"/"}' : good(n))),
  );
  assert.equal(levels(found), 'fail');
  assert.match(found[0]?.message ?? '', /20 % of its newest 100 lines are not understood \(no_address\)/);
  assert.match(found[0]?.fix ?? '', /logs\[\]\.fields/);
});

test('no referers, silence, and a clock that is wrong', (t) => {
  assert.match(
    check(
      t,
      lines(100, (n) => logLine(START - 100 + n, visitorIp(n))),
    )[1]?.message ?? '',
    /has no referer/,
  );
  assert.match(check(t, lines(300, good), { nowSecond: START + 7200 })[1]?.message ?? '', /last written 2h ago/);
  assert.match(
    check(t, lines(300, good), { writtenSecond: START + 3600, nowSecond: START + 3600 })[1]?.message ?? '',
    /newest line is 1h1s behind the time it was written/,
  );
});

test('a proxy in the place of clients', (t) => {
  const proxied = (n: number) =>
    good(n)
      .replace(/"remote_addr":"[^"]+"/, '"remote_addr":"10.0.0.5"')
      .replace('Mozilla/5.0', `Mozilla/${n % 30}`);
  const found = check(t, lines(300, proxied));
  assert.equal(levels(found), 'ok fail');
  assert.match(found[1]?.message ?? '', /^100 % of its lines are from 10.0.0.5/);
  assert.match(found[1]?.fix ?? '', /set_real_ip_from 10.0.0.5/);
});

test('a flood by one client is no proxy, whatever user agents the others have', (t) => {
  const flooded = (n: number) =>
    n % 10 === 0
      ? good(n).replace('Mozilla/5.0', `Mozilla/${n}`)
      : good(n).replace(/"remote_addr":"[^"]+"/, '"remote_addr":"203.0.113.9"');
  assert.equal(levels(check(t, lines(300, flooded))), 'ok');
});

test('clients that send no referer are not a format without one', (t) => {
  const second = (n: number) => START - 100 + n;
  const json = (n: number) => logLine(second(n), visitorIp(n)).replace('}', ',"http_referer":"-"}');
  const time = (n: number) =>
    new Date(second(n) * 1000).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/, '$1/$2/$3:$4 +0000');
  const common = (n: number) => `${visitorIp(n)} - - [${time(n)}] "GET / HTTP/1.1" 200 5`;
  assert.equal(levels(check(t, lines(100, json))), 'ok');
  assert.equal(
    levels(
      check(
        t,
        lines(100, (n) => `${common(n)} "-" "-"`),
      ),
    ),
    'ok',
  );
  assert.match(check(t, lines(100, common))[1]?.message ?? '', /log_format has no user_agent and no referer/);
  // What a client writes into another field is no key.
  const quoted = (n: number) => logLine(second(n), visitorIp(n), '/referer').replace('Mozilla/5.0', '\\"referer\\":');
  assert.match(check(t, lines(100, quoted))[1]?.message ?? '', /log_format has no referer/);
});

test('requests logged twice, in one log or in two, are reported; one file under two names is fine', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [one, two, link] = ['one.log', 'two.log', 'link.log'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const failures = (...paths: string[]) =>
    checkLogs(configSchema.parse({ logs: paths.map((path) => ({ path })) }), START * 1000).flatMap(
      ({ level, message }) => (level === 'fail' ? [message] : []),
    );
  writeFileSync(one, lines(300, good));
  writeFileSync(
    two,
    lines(200, (n) => logLine(START - 300 + n, visitorIp(n), `/other/${n}`)),
  );
  linkSync(one, link);
  assert.deepEqual(failures(one, two, link), []);
  writeFileSync(
    two,
    lines(200, (n) => good(n + 100)),
  );
  assert.deepEqual(failures(one, two), [`${one} and ${two} hold the same requests: all of them count twice`]);
  const both = (n: number) => `${good(n)}\n${combinedLine(START - 300 + n, visitorIp(n), `/${n}`)}`;
  writeFileSync(one, lines(300, both));
  assert.deepEqual(failures(one), [
    `nginx writes each request into ${one} twice, in two formats: all requests count twice`,
  ]);
});
