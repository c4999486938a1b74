/** Backend nginx with a real nginx that knows its clients by X-Forwarded-For only, as behind a proxy. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type EnforcementBackend, EnforcementError, type Operation } from '../../src/enforce/backend.ts';
import { createCommandRunner } from '../../src/enforce/command.ts';
import { createNginxBackend, emptyNginxFile, type NginxOptions } from '../../src/enforce/nginx.ts';
import { findNginxObstacle, type Nginx, startNginx } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import { DEADLINE_MS } from '../support/until.ts';
import { remove } from './operations.ts';
import { eventually, listed } from './world.ts';

const skip = findNginxObstacle() ?? false;
const run = createCommandRunner({ timeoutMs: DEADLINE_MS });
const add = (target: string, untilMs: number | null = Date.now() + 600_000): Operation => ({
  target,
  untilMs,
});

interface Scene {
  readonly nginx: Nginx;
  readonly file: string;
  readonly options: NginxOptions;
  readonly backend: EnforcementBackend;
  /** Status of a request that comes through the proxy for a client. */
  status(client: string): Promise<number>;
}

async function setUp(t: TestContext, format: 'deny' | 'geo' = 'deny', included = true): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'zban-include-'));
  const file = join(folder, 'zban.conf');
  writeFileSync(file, '');
  const address = `127.0.0.1:${await freePort()}`;
  const include = format === 'deny' ? `include ${file};` : `geo $zban { default 0; include ${file}; }`;
  const nginx = await startNginx({
    listen: [address],
    http: ['set_real_ip_from 127.0.0.1;', 'real_ip_header X-Forwarded-For;', ...(included ? [include] : [])],
    server: format === 'geo' ? ['if ($zban) { return 403; }'] : [],
  });
  t.after(async () => {
    await nginx.stop();
    rmSync(folder, { recursive: true });
  });
  const test: NginxOptions['test'] = [...nginx.command, '-T'];
  const options: NginxOptions = { file, format, test, reload: ['kill', '-HUP', String(nginx.pid)], run };
  const status = async (client: string) =>
    (await fetch(`http://${address}/`, { headers: { 'x-forwarded-for': client, connection: 'close' } })).status;
  return { nginx, file, options, backend: createNginxBackend(options), status };
}

for (const format of ['deny', 'geo'] as const) {
  test(`${format}: a ban refuses its client behind the proxy and no other, IPv6 too, and lifting it serves him`, {
    skip,
  }, async (t) => {
    const { backend, status } = await setUp(t, format);
    const isRefused = (client: string) => eventually(async () => (await status(client)) === 403);
    await backend.setUp();
    assert.deepEqual(await listed(backend), []);
    assert.equal(await status('192.0.2.9'), 200);
    await backend.apply([add('192.0.2.9'), add('2001:db8:1::/64', null), add('198.51.100.0/24')], Date.now());
    for (const client of ['192.0.2.9', '2001:db8:1::77', '198.51.100.3']) assert.ok(await isRefused(client), client);
    for (const client of ['192.0.2.10', '2001:db8:2::77']) assert.equal(await status(client), 200, client);
    assert.equal(await backend.confirm([add('192.0.2.9'), remove('192.0.2.10')], Date.now()), true);
    await backend.apply([remove('192.0.2.9')], Date.now());
    assert.ok(await eventually(async () => (await status('192.0.2.9')) === 200));
    assert.deepEqual(
      (await listed(backend)).map(({ target }) => target),
      ['2001:db8:1::/64', '198.51.100.0/24'],
    );
  });
}

test('bans with their ends outlive the daemon in the file; what others wrote into it is put right', {
  skip,
}, async (t) => {
  const { backend, file, options } = await setUp(t);
  const untilMs = Date.UTC(2030, 0, 1);
  await backend.setUp();
  await backend.apply([add('192.0.2.9', untilMs), add('192.0.2.10', null)], Date.now());
  const again = createNginxBackend(options);
  assert.deepEqual(await again.setUp(), []);
  assert.deepEqual(await listed(again), [
    { target: '192.0.2.9', untilMs },
    { target: '192.0.2.10', untilMs: null },
  ]);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^deny 192.0.2.9;.*\n/m, 'deny 192.0.2.77;\n'));
  assert.equal(await again.confirm([add('192.0.2.9', untilMs)], Date.now()), false);
  await again.setUp();
  assert.deepEqual(
    (await listed(again)).map(({ target }) => target),
    ['192.0.2.10'],
  );
  assert.doesNotMatch(readFileSync(file, 'utf8'), /77/);
});

test('a command beside a stopped daemon lifts what it left in the file, and makes none', { skip }, async (t) => {
  const { backend, options, file, status } = await setUp(t);
  const command = () => createNginxBackend(options);
  await backend.setUp();
  await backend.apply([add('192.0.2.1'), add('192.0.2.2')], Date.now());
  await command().apply([remove('192.0.2.1'), remove('192.0.2.9')], Date.now());
  assert.match(readFileSync(file, 'utf8'), /^deny 192\.0\.2\.2; [^\n]*\n$/m);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /192\.0\.2\.1;/);
  assert.ok(await eventually(async () => (await status('192.0.2.1')) === 200));
  rmSync(file);
  await command().apply([remove('192.0.2.2')], Date.now());
  assert.ok(!existsSync(file));
});

test('a configuration that nginx refuses: nothing is reloaded, the file is as it was, and its words are told', {
  skip,
}, async (t) => {
  const { backend, file, nginx, status } = await setUp(t);
  await backend.setUp();
  const before = readFileSync(file, 'utf8');
  const conf = join(nginx.command[2] ?? '', 'nginx.conf');
  const right = readFileSync(conf, 'utf8');
  writeFileSync(conf, right.replace('events {', 'nonsense on;\nevents {'));
  await assert.rejects(
    backend.apply([add('192.0.2.9')], Date.now()),
    (error) => error instanceof EnforcementError && /nonsense/.test(error.message),
  );
  assert.equal(readFileSync(file, 'utf8'), before);
  assert.equal(await backend.confirm([add('192.0.2.9')], Date.now()), false);
  writeFileSync(conf, right);
  await backend.apply([add('192.0.2.9')], Date.now());
  assert.ok(await eventually(async () => (await status('192.0.2.9')) === 403));
});

test('a file that nginx does not include is told with the line that lacks', { skip }, async (t) => {
  const { backend, file } = await setUp(t, 'deny', false);
  await assert.rejects(backend.setUp(), {
    code: 'kernel_refused',
    message: `nginx does not include ${file}: put "include ${file};" into its http block`,
  });
});

test('no right to write, and no such program, are told as such', { skip }, async (t) => {
  const { options } = await setUp(t);
  const elsewhere = createNginxBackend({ ...options, file: '/proc/zban.conf' });
  await assert.rejects(elsewhere.setUp(), EnforcementError);
  const without = createNginxBackend({ ...options, test: ['/nonexistent/nginx', '-T'] });
  await assert.rejects(without.setUp(), { code: 'missing_tool' });
});

test('reloads are at least a second apart, and a flush empties the file', { skip }, async (t) => {
  const { options, file } = await setUp(t);
  const reloads: number[] = [];
  const backend = createNginxBackend({
    ...options,
    run: (command) => {
      if (command.argv === options.reload) reloads.push(performance.now());
      return run(command);
    },
  });
  await backend.setUp();
  for (let n = 1; n <= 3; n++) await backend.apply([add(`192.0.2.${n}`)], Date.now());
  const pauses = reloads.slice(1).map((ms, index) => ms - (reloads[index] ?? 0));
  assert.equal(pauses.length, 3);
  assert.ok(
    pauses.every((ms) => ms >= 990),
    `${pauses}`,
  );
  await emptyNginxFile(options);
  assert.ok(existsSync(file));
  assert.doesNotMatch(readFileSync(file, 'utf8'), /deny/);
});
