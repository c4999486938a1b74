import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type {
  AllowRequest,
  BanRequest,
  ControlHandlers,
  TargetResult,
  UnbanRequest,
} from '../../src/control/protocol.ts';
import { startControlServer } from '../../src/control/server.ts';
import { status as statusOf } from '../support/status.ts';
import { place, runZban } from './run-zban.ts';

const status = statusOf({
  fuse_tripped: true,
  fuse_until: '2026-11-20T10:21:12.000Z',
  lines_total: 1234,
  skipped: { not_json: 2, too_long: 0 },
  uptime_seconds: 3723,
  baseline: null,
  top_clients: [{ name: '192.0.2.1\u001b[2J', requests: 99, share: 0.5 }],
  logs: [{ path: '/var/log/nginx/access.log', state: 'following', behind_bytes: 2048 }],
  outbox: 1,
  troubles: ['the firewall refused'],
});

const main = join(import.meta.dirname, '../../src/cli/main.ts');

/** A daemon that answers as it is told and keeps what it was asked. */
async function daemon(
  t: TestContext,
  answer: (target: string) => TargetResult['code'] = () => 'done',
  more: Partial<TargetResult> = {},
) {
  const paths = place(t);
  const asked: unknown[] = [];
  const perform = async (request: BanRequest | UnbanRequest | AllowRequest) => {
    asked.push(request);
    const targets = 'bans' in request ? request.bans.map(({ target }) => target) : request.targets;
    return targets.map((target) => {
      const code = answer(target);
      return {
        target,
        ok: code === 'done' || code === 'unchanged',
        code,
        message: code === 'done' ? 'banned' : `${code} \u001b[31m`,
        ...more,
      };
    });
  };
  const handlers: ControlHandlers = {
    status: async () => status,
    top: async () => ({ second: 0, site_rates: [], clients: [], status }),
    ban: perform,
    unban: perform,
    allow: perform,
    panic: async (request) => {
      asked.push(request);
      return { ok: true, message: '2 bans lifted', lifted: 2 };
    },
    resetFuse: async (request) => {
      asked.push(request);
      return { ok: true, message: 'the fuse is reset: zban bans again' };
    },
    lanes: async () => [],
    addLane: () => assert.fail('not in this test'),
    changeLane: () => assert.fail('not in this test'),
    fleetStatus: async () => null,
    fleetLeave: async () => ({ ok: true, message: 'left' }),
    annotate: async ({ text }) => ({ ok: true, message: `noted: ${text}` }),
    notifyTest: async () => ({ ok: false, message: 'slack: Slack answered 404', channels: [] }),
    reload: async () => ({ ok: true, message: '' }),
  };
  const findPeer = async () => ({ uid: 0, name: 'root' });
  const server = await startControlServer({ socket: paths.socket, handlers, log: () => {}, findPeer });
  t.after(() => server.close());
  return { ...paths, asked };
}

test('--version and --help say so on standard output', async () => {
  const version = await runZban(['--version']);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal(version.exitCode, 0);
  const help = await runZban(['--help']);
  assert.equal(help.exitCode, 0);
  for (const name of [
    'run',
    'check',
    'status',
    'list',
    'ban',
    'unban',
    'allow',
    'import',
    'export',
    'panic',
    'fuse',
    'audit',
    'explain',
    'replay',
    'simulate',
    'notify',
    'firewall',
  ])
    assert.match(help.stdout, new RegExp(`^ +zban ${name}\\b`, 'm'));
});

test('version prints the same as --version, with --json that of Node.js too', async () => {
  const { stdout } = await runZban(['version']);
  assert.equal(stdout, (await runZban(['--version'])).stdout);
  const { stdout: json } = await runZban(['version', '--json']);
  assert.deepEqual(JSON.parse(json), { version: stdout.trim(), node: process.version });
});

test('wrong usage is exit code 2 and a sentence on standard error', async (t) => {
  const { config } = place(t);
  const wrong: [string[], RegExp][] = [
    [[], /which command/],
    [['bna', '192.0.2.1'], /^zban: unknown command bna \(did you mean ban\?\): see zban --help\n$/],
    [['frobnicate'], /^zban: unknown command frobnicate: see zban --help\n$/],
    [['--jsn', 'list'], /^zban: unknown option --jsn \(did you mean --json\?\): see zban --help\n$/],
    [['status', 'now'], /zban status does not take now/],
    [['fuse'], /zban fuse <action>: action missing: expected reset$/m],
    [['completion'], /shell missing: expected one of bash, zsh, fish$/m],
    [['ban'], /which addresses\? Or --file/],
    [['ban', '192.0.2.1', '--file', 'list'], /either a list or addresses/],
    [['ban', '192.0.2.300'], /192\.0\.2\.300 is neither an address nor a network/],
    [['ban', '192.0.2.1', '--for', 'soon'], /--for soon: expected a duration/],
    [['ban', '192.0.2.1', '--for', '5'], /^zban: --for 5: the unit is missing: 5s, 5m, 5h or 5d\n$/],
    [['audit', '--since', '60'], /--since 60: the unit is missing: 60s, 60m, 60h or 60d/],
    [
      ['ban', '192.0.0.0/16', '2001:db8::/32', '192.0.2.0/24', '2001:db8:1::/48'],
      /^zban: 192\.0\.0\.0\/16 is 65,536 addresses\nzban: 2001:db8::\/32 is 4,294,967,296 networks of \/64\nzban: to ban that, add --yes\n$/,
    ],
    [['ban', '192.0.2.1', '--forever'], /unknown option --forever: see zban ban --help/],
    [['ban', '192.0.2.1', '--reasn', 'x'], /unknown option --reasn \(did you mean --reason\?\)/],
    [['ban', '192.0.2.1', '--for', '1h', '--for', '2h'], /--for may be given once/],
    [['ban', '192.0.2.1', '--for'], /^zban: --for needs a value\n$/],
    [['unban'], /which addresses\? Or --file FILE, or --all/],
    [['unban', '--all', '192.0.2.1'], /not both/],
    [['import'], /zban import <file>: file missing: the list/],
    [
      ['export', '--format', 'jsn'],
      /^zban: --format jsn \(did you mean json\?\): expected one of plain, json, crowdsec\n$/,
    ],
    [['notify', 'tset'], /^zban: tset \(did you mean test\?\): expected test\n$/],
    [['replay', '/nowhere.log', '--threads', '0'], /--threads 0: expected a whole number/],
    [['simulate', '--out', '/dev/null', '--attacks', 'nonsense'], /is not an attack/],
  ];
  for (const [words, message] of wrong) {
    const { exitCode, stdout, stderr } = await runZban([...words, '--config', config]);
    assert.equal(exitCode, 2, `${words.join(' ')}: ${stderr}`);
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
});

test('a bad configuration is exit code 78 with every problem', async (t) => {
  const { config } = place(t, 'mode: enforc\nbans: { max_share: 7 }');
  for (const words of [['check'], ['run'], ['replay', '/nowhere.log']]) {
    const { exitCode, stderr } = await runZban([...words, '--config', config]);
    assert.equal(exitCode, 78, words.join(' '));
    assert.match(stderr, /mode: expected one of .*did you mean enforce/);
    assert.match(stderr, /bans\.max_share: expected at most 1, got 7/);
  }
  const json = await runZban(['check', '--json', '--config', config]);
  const said = JSON.parse(json.stdout) as { ok: boolean; problems: { path: string }[] };
  assert.deepEqual(
    said.problems.map((problem) => problem.path),
    ['mode', 'bans.max_share'],
  );
});

test('commands that need only a path work beside mistakes elsewhere, not beside one in that path', async (t) => {
  const { config } = await daemon(t);
  const good = readFileSync(config, 'utf8');
  writeFileSync(config, `${good}\nmode: enforc\n`);
  const { exitCode, stdout, stderr } = await runZban(['unban', '192.0.2.1', '--config', config]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, '192.0.2.1: banned\n');
  assert.match(stderr, /warning: the configuration has mistakes/);
  writeFileSync(config, 'control: { sockt: /nowhere }');
  assert.equal((await runZban(['status', '--config', config])).exitCode, 78);
  writeFileSync(config, `${good}\n[`);
  assert.equal((await runZban(['status', '--config', config])).exitCode, 78);
});

test('check warns of what may still come right and tells no secret', async (t) => {
  const { folder, config } = place(t, 'notify: { slack: { webhook_url: "https://hooks.example.com/SECRET" } }');
  const { exitCode, stdout, stderr } = await runZban(['check', '--config', config]);
  assert.equal(exitCode, 0);
  assert.match(stderr, /warning: logs: \S+access\.log is not there yet/);
  assert.match(stdout, /config\.yaml: OK \(version [0-9a-f]{12}, mode observe, profile balanced, sensitivity normal/);
  writeFileSync(join(folder, 'access.log'), '');
  const json = await runZban(['check', '--json', '--config', config]);
  assert.deepEqual((JSON.parse(json.stdout) as { warnings: string[] }).warnings, []);
  assert.doesNotMatch(stdout + stderr + json.stdout + json.stderr, /SECRET/);
});

test('without a daemon the commands that need one are exit code 3', async (t) => {
  const { config } = place(t);
  for (const words of [
    ['status'],
    ['ban', '192.0.2.1'],
    ['unban', '--all'],
    ['allow', '192.0.2.1'],
    ['import', '/dev/null'],
    ['notify', 'test'],
  ]) {
    const { exitCode, stderr } = await runZban([...words, '--config', config]);
    assert.equal(exitCode, 3, words.join(' '));
    assert.match(stderr, /no zban daemon answers on .*systemctl start zban/);
  }
});

test('a socket that may not be used is exit code 4', {
  skip: process.getuid?.() !== 0 && 'needs root to become nobody',
}, async (t) => {
  const { config, folder } = await daemon(t);
  chmodSync(folder, 0o755);
  const script = join(folder, 'as-nobody.mjs');
  writeFileSync(
    script,
    `process.setgroups([]); process.setgid(65534); process.setuid(65534); process.argv[1] = ${JSON.stringify(main)}; await import(process.argv[1]);`,
  );
  const { execFile } = await import('node:child_process');
  const exitCode = await new Promise((resolve) => {
    execFile(process.execPath, [script, 'status', '--config', config]).on('close', resolve);
  });
  assert.equal(exitCode, 4);
});

test('status is one object with --json and a page of text without', async (t) => {
  const { config } = await daemon(t);
  const json = await runZban(['status', '--json', '--config', config]);
  assert.deepEqual(JSON.parse(json.stdout), status);
  const { stdout, exitCode } = await runZban(['status', '--config', config]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^bans in force +3$/m);
  assert.match(
    stdout,
    /^fuse +TRIPPED until 2026-11-20 10:21:12 .*: clients that the site has served well are not banned, strangers still are \(reset: zban fuse reset\)$/m,
  );
  assert.match(stdout, /^profile +balanced, sensitivity normal$/m);
  assert.match(stdout, /^lines +1,234, skipped not_json 2, discarded late 40$/m);
  assert.match(stdout, /^\/var\/log\/nginx\/access\.log +2\.0 KiB +following$/m);
  assert.match(stdout, /^trouble: the firewall refused$/m);
  assert.ok(!stdout.includes('\u001b'), 'no control characters from the log');
});

test('ban hands on canonical targets, the length, the reason and who asks', async (t) => {
  const { config, asked } = await daemon(t);
  const words = ['ban', '192.0.2.1', '2001:DB8::5', '--for', '1h', '--reason', 'hammers login', '--config', config];
  const { stdout, exitCode } = await runZban(words, { SUDO_USER: 'ann', USER: 'root' });
  assert.equal(exitCode, 0);
  assert.equal(stdout, '192.0.2.1: banned\n2001:db8::5: banned\n');
  const common = { reason: 'hammers login', operator: 'ann' };
  const bans = [{ target: '192.0.2.1' }, { target: '2001:db8::5' }];
  assert.deepEqual(asked, [{ bans, ...common, forMs: 3_600_000, keepLonger: false }]);
});

test('a ban says until when, in local time', async (t) => {
  const until = '2126-11-20T10:11:12.000Z';
  const { config } = await daemon(t, undefined, { until });
  const { stdout } = await runZban(['ban', '192.0.2.1', '--config', config]);
  assert.match(stdout, /^192\.0\.2\.1: banned, until 2126-11-20 10:11:12 \(in \d+d \d+h\)\n$/);
  const forever = await daemon(t, undefined, { until: null });
  assert.equal(
    (await runZban(['ban', '192.0.2.1', '--config', forever.config])).stdout,
    '192.0.2.1: banned, permanently\n',
  );
});

test('on a terminal a wide network is asked about; --yes does not ask', {
  skip: spawnSync('script', ['--version']).status !== 0 && 'needs script(1) for a terminal',
}, async (t) => {
  const { config, asked } = await daemon(t);
  const answer = async (text: string, ...more: string[]) => {
    const words = [process.execPath, main, 'ban', '10.0.0.0/8', ...more, '--config', config];
    const child = spawn('script', ['-qefc', words.join(' '), '/dev/null'], {
      env: { ...process.env, SHELL: '/bin/sh' },
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (some: string) => {
      said += some;
      if (said.includes('[y/N]') && !child.stdin.writableEnded) child.stdin.end(`${text}\n`);
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  };
  const no = await answer('n');
  assert.match(no.said, /10\.0\.0\.0\/8 is 16,777,216 addresses\r\nBan it\? \[y\/N\]/);
  assert.match(no.said, /nothing was banned/);
  assert.deepEqual([no.code, asked.length], [1, 0]);
  assert.deepEqual([(await answer('y')).code, asked.length], [0, 1]);
  const unasked = await answer('', '--yes');
  assert.deepEqual([unasked.code, asked.length], [0, 2]);
  assert.doesNotMatch(unasked.said, /y\/N/);
});

const LIST = '# mine\n192.0.2.1 1h too fast\n192.0.2.300\n\n192.0.2.2\n192.0.2.3\r\n';

test('a list is one request; bad lines are told by number and stop nobody', async (t) => {
  const { config, folder, asked } = await daemon(t, (target) => (target === '192.0.2.3' ? 'protected' : 'done'));
  const file = join(folder, 'list');
  writeFileSync(file, LIST);
  const run = await runZban(['ban', '--file', file, '--reason', 'mine', '--config', config], { USER: 'bob' });
  const common = { reason: 'mine', operator: 'bob', keepLonger: false };
  const bans = [
    { target: '192.0.2.1', forMs: 3_600_000, reason: 'too fast' },
    { target: '192.0.2.2' },
    { target: '192.0.2.3' },
  ];
  assert.deepEqual(asked.splice(0), [{ ...common, bans }]);
  assert.equal(run.exitCode, 1);
  assert.equal(run.stdout, '2 done, 1 never banned, 1 line not understood\n');
  assert.equal(
    run.stderr,
    `zban: ${file}: line 3: 192.0.2.300 is neither an address nor a network\n` +
      `zban: ${file}: line 6: 192.0.2.3: protected \ufffd[31m\n`,
  );
  const json = await runZban(['unban', '--file', file, '--json', '--config', config]);
  assert.deepEqual(
    (JSON.parse(json.stdout) as { line: number; code: string }[]).map(({ line, code }) => `${line} ${code}`),
    ['3 invalid', '2 done', '5 done', '6 protected'],
  );
  assert.deepEqual((asked[0] as UnbanRequest).targets, ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
});

test('a list from standard input, in as many requests as it takes', async (t) => {
  const { config, asked } = await daemon(t);
  const targets = Array.from({ length: 10_001 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  for (const command of ['ban', 'unban']) {
    const run = await runZban([command, '-', '--config', config], {}, targets.join('\n'));
    assert.deepEqual([run.exitCode, run.stdout, run.stderr], [0, '10,001 done\n', '']);
  }
  const counts = (asked as Partial<BanRequest & UnbanRequest>[]).map(
    ({ bans, targets: some }) => (bans ?? some)?.length,
  );
  assert.deepEqual(counts, [10_000, 1, 10_000, 1]);
  const nothing = await runZban(['unban', '-', '--config', config], {}, '# nobody\n');
  assert.deepEqual([nothing.exitCode, nothing.stdout], [0, '0 done\n']);
});

test('a list that is not there or too long ends the command with a reason', async (t) => {
  const { config, folder, asked } = await daemon(t);
  const missing = await runZban(['ban', '--file', join(folder, 'nowhere'), '--config', config]);
  assert.deepEqual([missing.exitCode, missing.stdout], [1, '']);
  assert.match(missing.stderr, /cannot read .*nowhere: ENOENT/);
  const long = join(folder, 'long');
  writeFileSync(long, '');
  truncateSync(long, 64 * 1_048_576 + 1);
  const refused = await runZban(['ban', '--file', long, '--config', config]);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /is longer than the 67108864 bytes of one list: split it/);
  assert.deepEqual(asked, []);
});

test('import sends what a list says and marks what it does not', async (t) => {
  const { config, folder, asked } = await daemon(t, (target) => (target === '192.0.2.2' ? 'unchanged' : 'done'));
  const file = join(folder, 'list.csv');
  writeFileSync(file, 'duration,scope,value\n4h,ip,192.0.2.1\n87600h,range,198.51.100.0/24\n4h,ip,nonsense\n');
  const csv = await runZban(['import', file, '--config', config], { USER: 'bob' });
  const common = { operator: 'bob', keepLonger: true };
  const four = { target: '192.0.2.1', forMs: 14_400_000, condition: 'import' };
  const good = { target: '198.51.100.0/24', forMs: null, condition: 'import' };
  assert.deepEqual(asked.splice(0), [{ ...common, reason: 'imported from list.csv', bans: [four, good] }]);
  assert.deepEqual([csv.exitCode, csv.stdout], [1, '2 done, 1 line not understood\n']);
  assert.match(csv.stderr, /list\.csv: line 4: nonsense is neither/);
  const entry = { ip: '192.0.2.2', until: null, tier: 3, condition: 'scan', reason: '' };
  const words = ['import', '-', '--reason', 'moved', '--for', '1d', '--config', config];
  const json = await runZban(words, { USER: 'bob' }, JSON.stringify([entry]));
  const ban = { target: '192.0.2.2', forMs: null, tier: 3, condition: 'scan', reason: '' };
  assert.deepEqual(asked, [{ ...common, reason: 'moved', forMs: 86_400_000, bans: [ban] }]);
  assert.deepEqual([json.exitCode, json.stdout], [0, '0 done, 1 unchanged\n']);
  const none = await runZban(['import', '-', '--format', 'json', '--config', config], {}, '192.0.2.1');
  assert.equal(none.exitCode, 1);
  assert.match(none.stderr, /the list is not JSON/);
});

test('unban --all and allow --remove say so to the daemon', async (t) => {
  const { config, asked } = await daemon(t);
  await runZban(['unban', '--all', '--config', config], { USER: 'bob' });
  await runZban(['allow', 'Office.example.com', '--remove', '--config', config], { USER: 'bob' });
  assert.deepEqual(asked, [
    { targets: [], reason: '', operator: 'bob', all: true },
    { targets: ['office.example.com'], reason: '', operator: 'bob', remove: true },
  ]);
});

test('the exit code says the gravest outcome', async (t) => {
  const codes: Record<string, TargetResult['code']> = { '192.0.2.2': 'not_found', '192.0.2.3': 'protected' };
  const { config } = await daemon(t, (target) => codes[target] ?? 'done');
  const unban = (...targets: string[]) => runZban(['unban', ...targets, '--config', config]);
  assert.equal((await unban('192.0.2.1')).exitCode, 0);
  const missing = await unban('192.0.2.1', '192.0.2.2');
  assert.equal(missing.exitCode, 5);
  assert.equal(missing.stdout, '192.0.2.1: banned\n');
  assert.equal(missing.stderr, 'zban: 192.0.2.2: not_found \ufffd[31m\n');
  assert.equal((await unban('192.0.2.2', '192.0.2.3')).exitCode, 1);
  const json = await runZban(['unban', '192.0.2.2', '--json', '--config', config]);
  assert.equal((JSON.parse(json.stdout) as TargetResult[])[0]?.code, 'not_found');
});

test('annotate takes one text or several words, and says what it noted', async (t) => {
  const { config } = await daemon(t);
  for (const words of [['deploy 1.4.2'], ['deploy', '1.4.2']]) {
    const { exitCode, stdout } = await runZban(['annotate', ...words, '--config', config]);
    assert.equal(exitCode, 0);
    assert.equal(stdout, 'noted: deploy 1.4.2\n');
  }
  assert.equal((await runZban(['annotate', ' ', '--config', config])).exitCode, 2);
});

test('notify test names a channel that does not exist', async (t) => {
  const { config } = await daemon(t);
  const { exitCode } = await runZban(['notify', 'test', 'nobody', '--config', config]);
  assert.equal(exitCode, 5);
});

test('notify test fails with the words of Slack', async (t) => {
  const { config } = await daemon(t);
  const { exitCode, stderr } = await runZban(['notify', 'test', '--config', config]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /Slack answered 404/);
});

test('firewall flush refuses while the daemon runs', async (t) => {
  const { config } = await daemon(t);
  const { exitCode, stderr } = await runZban(['firewall', 'flush', '--config', config]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /daemon is running and would put its rules back/);
});

test('list, audit and explain say where they looked when there is no database', async (t) => {
  const { config } = place(t);
  for (const words of [['list'], ['audit'], ['audit', 'verify'], ['explain', '192.0.2.1']]) {
    const { exitCode, stderr } = await runZban([...words, '--config', config]);
    assert.equal(exitCode, 1, words.join(' '));
    assert.match(stderr, /zban\.db: does not exist.*zban has not run here/);
  }
});
