import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { checkNginx, dumpNginx } from '../../src/doctor/nginx.ts';
import { parseNginxConfig } from '../../src/doctor/nginx-config.ts';
import { toolSkip } from '../support/netns.ts';

const DUMP = `# configuration file /etc/nginx/nginx.conf:
user www-data;
http {
    log_format zban escape=json '{"timestamp":"$msec","source_ip":"$remote_addr",' # the first half; of two
      '"path":"$request_uri"}';
    log_format forged "$http_x_forwarded_for - $remote_user [$time_local]";
    set_real_ip_from 10.0.0.0/8; set_real_ip_from 192.0.2.1;
    real_ip_header "X-Forwarded-For";
    access_log /var/log/nginx/access.log zban buffer=32k flush=5s;
    server { access_log off; location ~ "^/a;b{2}$" { access_log /var/log/nginx/site#2.log; } }
}
`;

function logFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'zban-doctor-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'access.log');
  writeFileSync(path, '');
  return path;
}

const config = (path: string, mode: 'observe' | 'enforce' = 'observe') =>
  configSchema.parse({ mode, logs: [{ path }] });

test('directives with quotes, comments, several on a line, and blocks', () => {
  const { accessLogs, formats, realIpFrom, realIpHeader } = parseNginxConfig(DUMP);
  assert.deepEqual(accessLogs, [
    { path: '/var/log/nginx/access.log', format: 'zban', options: ['buffer=32k', 'flush=5s'], block: 1 },
    { path: '/var/log/nginx/site#2.log', format: 'combined', options: [], block: 3 },
  ]);
  assert.equal(
    formats.get('zban'),
    'escape=json{"timestamp":"$msec","source_ip":"$remote_addr","path":"$request_uri"}',
  );
  assert.deepEqual(realIpFrom, ['10.0.0.0/8', '192.0.2.1']);
  assert.equal(realIpHeader, 'X-Forwarded-For');
});

test('an nginx that logs as it should', (t) => {
  const path = logFile(t);
  const dump = `log_format zban escape=json '{"source_ip":"$remote_addr"}'; access_log ${path} zban;`;
  assert.deepEqual(
    checkNginx(config(path), { kind: 'read', text: dump }).map(({ level }) => level),
    ['ok'],
  );
});

test('two access_log lines in one block write each request twice', (t) => {
  const path = logFile(t);
  const doubled = `http { access_log ${path}; log_format zban '$remote_addr'; access_log ${path} zban; }`;
  const [found, ...more] = checkNginx(config(path), { kind: 'read', text: doubled });
  assert.equal(found?.level, 'fail');
  assert.match(found?.message ?? '', /each request 2 times .*access_log \S+ combined; access_log \S+ zban;/);
  assert.deepEqual(more, []);
  const inherited = `http { access_log ${path}; server { access_log ${path} zban; } server { access_log ${path}; } }`;
  assert.equal(
    checkNginx(config(path), { kind: 'read', text: inherited })[0]?.level,
    'ok',
    'a server takes its own lines instead',
  );
  const other = `http { access_log ${path}; access_log syslog:server=unix:/dev/log; }`;
  assert.equal(
    checkNginx(config(path), { kind: 'read', text: other })[0]?.level,
    'ok',
    'zban does not follow the other',
  );
});

test("log settings that delay zban or hide the client's address are reported with the fix", (t) => {
  const path = logFile(t);
  for (const [dump, level, message, fix] of [
    [`access_log ${path} combined buffer=32k;`, 'warn', /buffer=32k/, /take buffer=32k out/],
    [
      `access_log ${path}; access_log /var/log/nginx/other.log;`,
      'warn',
      /does not follow/,
      /- path: \/var\/log\/nginx\/other.log/,
    ],
    [
      `log_format f '$http_x_forwarded_for [$time_local]'; access_log ${path} f;`,
      'fail',
      /names itself/,
      /log \$remote_addr/,
    ],
    [
      `access_log ${path}; set_real_ip_from 0.0.0.0/0;`,
      'fail',
      /from anybody \(set_real_ip_from 0.0.0.0\/0\)/,
      /proxy's own/,
    ],
    [
      `access_log ${path}; set_real_ip_from 10.0.0.5;`,
      'warn',
      /does not stop who comes through/,
      /firewall.backend: nginx/,
    ],
  ] as const) {
    const [found, ...more] = checkNginx(config(path, 'enforce'), { kind: 'read', text: dump });
    assert.equal(found?.level, level, dump);
    assert.match(found.message, message);
    assert.match(found.fix, fix);
    assert.deepEqual(more, []);
  }
});

test("a configuration that nginx refuses is reported in nginx's words, with the command that checks it", async (t) => {
  const path = logFile(t);
  const broken = join(path, '..', 'nginx.conf');
  writeFileSync(broken, 'events {}\nhttp { acces_log off; }\n');
  // Of a real nginx: other lines, then the one that counts.
  const words = `nginx: [emerg] unknown directive "acces_log" in ${broken}:2`;
  const script = join(path, '..', 'nginx');
  writeFileSync(script, `#!/bin/sh\necho 'nginx: [warn] other' >&2\necho '${words}' >&2\necho failed >&2\nexit 1\n`, {
    mode: 0o755,
  });
  const dump = await dumpNginx([script, '-T']);
  assert.deepEqual(dump, { kind: 'failed', said: words });
  const [found] = checkNginx(config(path), dump);
  assert.equal(found?.level, 'warn');
  assert.ok(found.message.endsWith(words));
  assert.equal(found.fix, 'correct what it names until this succeeds: nginx -T');
  const backend = configSchema.parse({ firewall: { backend: 'nginx' } });
  assert.equal(checkNginx(backend, dump)[0]?.level, 'fail', 'it keeps this backend from banning');
});

test('an nginx that is not here is not one that needs root', async (t) => {
  const path = logFile(t);
  const dump = await dumpNginx(['/nonexistent/nginx', '-T']);
  assert.deepEqual(dump, { kind: 'missing' });
  const [missing] = checkNginx(config(path), dump);
  assert.match(missing?.message ?? '', /there is no nginx here/);
  assert.doesNotMatch(missing?.fix ?? '', /root|sudo/);
  assert.equal(checkNginx(config(path), { kind: 'forbidden' })[0]?.fix, 'sudo zban doctor');
});

test('the real nginx', { skip: toolSkip('nginx') }, async (t) => {
  const folder = join(logFile(t), '..');
  const conf = join(folder, 'nginx.conf');
  const dump = () => dumpNginx(['nginx', '-T', '-e', join(folder, 'error.log'), '-c', conf]);
  writeFileSync(conf, `pid ${folder}/pid;\nevents {}\nhttp { acces_log off; }\n`);
  assert.deepEqual(await dump(), {
    kind: 'failed',
    said: `nginx: [emerg] unknown directive "acces_log" in ${conf}:3`,
  });
  writeFileSync(conf, `pid ${folder}/pid;\nevents {}\nhttp { access_log off; }\n`);
  assert.equal((await dump()).kind, 'read');
});
