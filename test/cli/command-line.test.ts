import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMMANDS } from '../../src/cli/definitions/all.ts';
import { MAIN } from '../support/built.ts';
import { daemon, status } from './daemon-stand-in.ts';
import { place, runZban } from './run-zban.ts';

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

test('no example is broken in two: each is a line to copy', async () => {
  for (const { usage, examples } of COMMANDS) {
    const [name = ''] = usage.split(' ');
    if (examples.every(([line]) => line.length < 50)) continue;
    const { stdout } = await runZban([name, '--help']);
    for (const [line] of examples) assert.ok(stdout.includes(`\n  ${line}`), `${line} in\n${stdout}`);
  }
});

test('help COMMAND and COMMAND -h print its help', async () => {
  const { stdout } = await runZban(['ban', '--help']);
  for (const words of [
    ['help', 'ban'],
    ['ban', '-h'],
  ])
    assert.equal((await runZban(words)).stdout, stdout);
  assert.match((await runZban(['-h'])).stdout, /^zban COMMAND/);
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
    [['unblock', '192.0.2.1'], /^zban: unknown command unblock \(did you mean unban\?\): see zban --help\n$/],
    [
      ['list', '192.0.2.1'],
      /does not take 192\.0\.2\.1: see zban list --help; about one client: zban explain 192\.0\.2\.1\n$/,
    ],
    [['audit', '192.0.2.1'], /192\.0\.2\.1: expected verify; about one client: zban explain 192\.0\.2\.1\n$/],
    [['unban', 'all'], /^zban: all is neither an address nor a network \(did you mean --all\?\)\n$/],
    [['ban', 'all'], /^zban: all is neither an address nor a network\n$/],
    [['unban', '2h'], /^zban: 2h is neither an address nor a network\n$/],
    [['ban', '192.0.2.1', '2h'], /2h is neither an address nor a network \(did you mean --for 2h\?\)\n$/],
    [['ban', '192.0.2.1:443'], /\(did you mean 192\.0\.2\.1\?\)\n$/],
    [['ban', '[2001:db8::1]:443'], /\(did you mean 2001:db8::1\?\)\n$/],
    [['ban', 'fe80::1%eth0'], /\(did you mean fe80::1\?\)\n$/],
    [['ban', 'https://192.0.2.1/x'], /\(did you mean 192\.0\.2\.1\?\)\n$/],
    [
      ['ban', '192.0.2.1 - - [22/Nov/2026:06:25:01 +0000] "GET / HTTP/1.1" 200 12 "-" "-"'],
      /\(did you mean 192\.0\.2\.1\?\)\n$/,
    ],
    [
      ['ban', '192.0.2.0-192.0.2.255'],
      /: one address or network a word, a range as networks such as 203\.0\.113\.0\/24\n$/,
    ],
    [['ban', '192.0.2.1/33'], /192\.0\.2\.1\/33 is neither an address nor a network: one address/],
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

test('check says where this host cannot listen or write, and whom it cannot find', async (t) => {
  const { folder, config } = place(t);
  writeFileSync(join(folder, 'access.log'), '');
  writeFileSync(join(folder, 'file'), '');
  const unknown = `${'x'.repeat(64)}.example`;
  const sections = [
    'http: { listen: "192.0.2.1:9617" }',
    `control: { socket: ${folder}/file/run/zban.sock }`,
    `fleet: { url: "redis://${unknown}:6379" }`,
  ];
  writeFileSync(config, `logs: [{ path: ${folder}/access.log }]\n${sections.join('\n')}\n`);
  const { exitCode, stdout } = await runZban(['check', '--json', '--config', config]);
  assert.equal(exitCode, 0);
  const { warnings } = JSON.parse(stdout) as { warnings: string[] };
  assert.deepEqual(
    warnings.filter((warning) => /^(http\.listen: 192|control\.socket|fleet\.url)/.test(warning)),
    [
      `control.socket: ${folder}/file is no folder: zban cannot write ${folder}/file/run/zban.sock; choose another`,
      'http.listen: 192.0.2.1 is no address of this host: zban does not start; use 127.0.0.1, or off',
      `fleet.url: ${unknown} has no address: this host shares nothing until it has one; correct the name, or DNS`,
    ],
  );
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

test('a socket or a file of config.d that may not be used is exit code 4', {
  skip: process.getuid?.() !== 0 && 'needs root to become nobody',
}, async (t) => {
  const { config, folder } = await daemon(t);
  chmodSync(folder, 0o755);
  const script = join(folder, 'as-nobody.mjs');
  writeFileSync(
    script,
    `process.setgroups([]); process.setgid(65534); process.setuid(65534); process.argv[1] = ${JSON.stringify(MAIN)}; await import(process.argv[1]);`,
  );
  const { execFile } = await import('node:child_process');
  const run = (command: string) =>
    new Promise((resolve) => {
      execFile(process.execPath, [script, command, '--config', config]).on('close', resolve);
    });
  assert.equal(await run('status'), 4);
  mkdirSync(join(folder, 'config.d'));
  writeFileSync(join(folder, 'config.d', 'secret.yaml'), 'mode: observe\n', { mode: 0 });
  assert.equal(await run('list'), 4);
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
  assert.match(stderr, /daemon is running: systemctl stop zban first/);
});

test('list, audit and explain say where they looked when there is no database', async (t) => {
  const { config } = place(t);
  for (const words of [['list'], ['audit'], ['audit', 'verify'], ['explain', '192.0.2.1']]) {
    const { exitCode, stderr } = await runZban([...words, '--config', config]);
    assert.equal(exitCode, 1, words.join(' '));
    assert.match(stderr, /zban\.db: does not exist.*zban has not run here/);
  }
});
