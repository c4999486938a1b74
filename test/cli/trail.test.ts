import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { AuditDraft } from '../../src/model/audit.ts';
import { BASH } from '../support/bash.ts';
import { MAIN } from '../support/built.ts';
import { DEADLINE_MS } from '../support/until.ts';
import { banDraft, record } from './recorded.ts';
import { runZban } from './run-zban.ts';

const base: AuditDraft = {
  timeMs: Date.now() - 60_000,
  actor: 'policy',
  action: 'ban',
  client: '203.0.113.9',
  condition: 'multiplier',
  numbers: {
    rate: 8.25,
    mean: 0.7,
    stddev: 0.55,
    z: 13.73,
    multiple: 11.79,
    limit: 3.5,
    requests: 495,
    errors: 480,
    error_ratio: 0.97,
    baseline_error_ratio: 0.03,
    window_seconds: 60,
    samples: [
      {
        time: '2026-11-20T10:11:12Z',
        method: 'POST',
        path: '/wp-login.php\u001b[2J',
        status: 403,
        user_agent: 'curl/8\u202e',
      },
    ],
  },
  tier: 1,
  durationSeconds: 600,
  enforced: true,
  detail: '',
};

const result: AuditDraft = {
  ...base,
  action: 'ban_result',
  actor: 'system',
  condition: null,
  numbers: { result: 'ok' },
  detail: 'ok',
  tier: null,
  durationSeconds: null,
};
const manual: AuditDraft = {
  ...base,
  timeMs: base.timeMs + 1,
  actor: 'operator:ann',
  client: '2001:db8:1::/64',
  condition: 'manual',
  numbers: null,
  tier: 0,
  durationSeconds: null,
  detail: 'asked us to',
};

test('list --json has the fields that others rely on; permanent is null', async (t) => {
  const { config } = record(t, [base, result, manual]);
  const { stdout, exitCode } = await runZban(['list', '--json', '--config', config]);
  assert.equal(exitCode, 0);
  const bans = JSON.parse(stdout) as Record<string, unknown>[];
  assert.equal(bans.length, 2);
  const [first, second] = bans;
  assert.equal(first?.['ip'], '203.0.113.9');
  assert.equal(first['tier'], 1);
  assert.equal(first['condition'], 'multiplier');
  assert.equal(first['since'], new Date(base.timeMs).toISOString());
  assert.equal(first['until'], new Date(base.timeMs + 600_000).toISOString());
  assert.equal(first['confirmed'], true);
  assert.equal((first['numbers'] as { rate: number }).rate, 8.25);
  assert.equal(second?.['ip'], '2001:db8:1::/64');
  assert.equal(second['until'], null);
  assert.equal(second['actor'], 'operator:ann');
  assert.equal(second['reason'], 'asked us to');
});

test('list is a table with the time that is left', async (t) => {
  const { config } = record(t, [base, result, manual]);
  const { stdout } = await runZban(['list', '--config', config]);
  const [head, first, second] = stdout.split('\n');
  assert.match(head ?? '', /^CLIENT +CONDITION +LEFT +TIER +STATE +BY +SINCE +UNTIL +REASON$/);
  assert.match(
    first ?? '',
    /^203\.0\.113\.9 +multiplier +\d+m( \d+s)? +1 +banned +policy +[\d-]+ [\d:]+ +[\d-]+ [\d:]+$/,
  );
  assert.match(
    second ?? '',
    /^2001:db8:1::\/64 +manual +permanent +– +pending +operator:ann +\S+ \S+ +– +asked us to$/,
  );
});

test('nobody banned is an empty list and a word to the person', async (t) => {
  const { config } = record(t, []);
  const text = await runZban(['list', '--config', config]);
  assert.deepEqual([text.stdout, text.stderr, text.exitCode], ['', 'nobody is banned\n', 0]);
  assert.equal((await runZban(['list', '--json', '--config', config])).stdout, '[]\n');
});

test('audit prints every entry once, oldest first, or the last ones, or those of a client', async (t) => {
  const many = Array.from({ length: 2500 }, (_, index) => ({ ...base, client: `198.51.100.${index % 250}` }));
  const { config } = record(t, [...many, base]);
  const ids = async (...words: string[]) => {
    const { stdout } = await runZban(['audit', '--json', ...words, '--config', config]);
    return stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: number }).id);
  };
  assert.deepEqual(
    await ids(),
    Array.from({ length: 2501 }, (_, index) => index + 1),
  );
  assert.deepEqual(await ids('-n', '2'), [2500, 2501]);
  assert.deepEqual(await ids('--client', '203.0.113.9'), [2501]);
  const { stdout } = await runZban(['audit', '-n', '1', '--config', config]);
  assert.match(
    stdout,
    /^\S+ \S+ #2501 policy BAN 203\.0\.113\.9 for 10m \(tier 1\): multiplier 11\.8x, 8\.25\/s against 0\.70 ± 0\.55\/s/,
  );
});

test('audit names the lane of a row, as zban lanes does', async (t) => {
  const of = (action: 'lane' | 'lane_result' | 'lane_keep' | 'lane_end', enforced = true) => {
    const numbers = {
      id: 'l1',
      action: 'hold',
      match: { path: '/search' },
      ...(action === 'lane_result' && { result: 'ok' }),
    };
    return banDraft('', {
      action,
      client: null,
      condition: null,
      tier: null,
      durationSeconds: null,
      numbers,
      enforced,
    });
  };
  const { config } = record(t, [of('lane'), of('lane_result'), of('lane_keep'), of('lane_end'), of('lane', false)]);
  const { stdout } = await runZban(['audit', '--config', config]);
  const said = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/^.* policy /, ''));
  assert.deepEqual(said, ['LANE l1', 'LANE RESULT l1', 'LANE KEEP l1', 'LANE END l1', 'LANE l1 (observed)']);
});

test('audit | head is quiet', async (t) => {
  const { config } = record(
    t,
    Array.from({ length: 3000 }, () => base),
  );
  const [bash, ...options] = BASH;
  const shell = spawn(bash, [
    ...options,
    `"$0" ${MAIN} audit --json --config ${config} | head -n 1; echo "\${PIPESTATUS[0]}"`,
    process.execPath,
  ]);
  let [said, stderr] = ['', ''];
  shell.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  shell.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  await new Promise((resolve) => shell.on('close', resolve));
  assert.match(said, /^\{"id":1,"time":"20.*\}\n0\n$/);
  assert.equal(stderr, '');
});

test('audit --follow shows what is written while it runs', async (t) => {
  const { config, trail } = record(t, [base]);
  const follower = spawn(process.execPath, [MAIN, 'audit', '--follow', '--json', '--config', config]);
  t.after(() => follower.kill('SIGKILL'));
  const ids: number[] = [];
  let pending = '';
  const seen = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`only ${ids.length} entries came`)), DEADLINE_MS);
      follower.stdout.on('data', (bytes: Buffer) => {
        pending += bytes.toString();
        const lines = pending.split('\n');
        pending = lines.pop() ?? '';
        for (const line of lines) ids.push((JSON.parse(line) as { id: number }).id);
        if (ids.length < count) return;
        clearTimeout(timer);
        follower.stdout.removeAllListeners('data');
        resolve();
      });
    });
  await seen(1);
  trail.append([base, base]);
  await seen(3);
  assert.deepEqual(ids, [1, 2, 3]);
});

test('audit verify proves the trail whole, and finds a changed row', async (t) => {
  const { config, path } = record(t, [base, result, manual]);
  const whole = await runZban(['audit', 'verify', '--config', config]);
  assert.equal(whole.exitCode, 0);
  assert.match(whole.stdout, /^integrity verified: 3 entries; the last is #3, hash [0-9a-f]{64}$/m);
  const json = JSON.parse((await runZban(['audit', 'verify', '--json', '--config', config])).stdout);
  const hash = / ([0-9a-f]{64})$/m.exec(whole.stdout)?.[1];
  assert.deepEqual(json, { ok: true, rows: 3, first_id: 1, last_id: 3, last_hash: hash, pruned_before: 0 });
  const Sqlite = createRequire(import.meta.url)('better-sqlite3');
  const forger = new Sqlite(path);
  for (const { name } of forger.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all())
    forger.exec(`DROP TRIGGER ${name}`);
  forger.prepare('UPDATE audit SET client = ? WHERE id = 2').run('192.0.2.1');
  forger.close();
  const broken = await runZban(['audit', 'verify', '--config', config]);
  assert.equal(broken.exitCode, 1);
  assert.match(broken.stderr, /broken at entry 2/);
});
