import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { readSelection, type SelectionOptions } from '../../src/cli/selection.ts';
import { packBans } from '../../src/http/ban-list.ts';
import type { AuditDraft } from '../../src/model/audit.ts';
import { MAIN } from '../support/built.ts';
import { until } from '../support/daemon.ts';
import { banDraft, record } from './recorded.ts';
import { runZban } from './run-zban.ts';

const HOUR_MS = 3_600_000;

function recordSome(t: TestContext) {
  const now = Date.now();
  const recorded = record(t, [
    banDraft('203.0.113.10', { timeMs: now - 3 * HOUR_MS, tier: 4, durationSeconds: null, condition: 'scan' }),
    banDraft('2001:db8:1::/64', { timeMs: now - 2 * HOUR_MS, tier: 3, durationSeconds: 4 * 3600 }),
    banDraft('203.0.113.9', { timeMs: now - 60_000, tier: 2 }),
    banDraft('198.51.100.0/24', {
      timeMs: now - 30_000,
      tier: 0,
      durationSeconds: 300,
      condition: 'manual',
      actor: 'operator:ann',
      detail: 'asked us to',
    }),
  ]);
  return { ...recorded, now };
}

test('bans are filtered, sorted, turned round and cut', async (t) => {
  const { config, trail, now } = recordSome(t);
  const [a, b, c, d] = ['203.0.113.10', '2001:db8:1::/64', '203.0.113.9', '198.51.100.0/24'];
  const cases: [SelectionOptions, (string | undefined)[]][] = [
    [{}, [a, b, c, d]],
    [{ tier: '2' }, [c]],
    [{ tier: '0,4' }, [a, d]],
    [{ condition: 'scan,manual' }, [a, d]],
    [{ network: '203.0.113.0/24' }, [a, c]],
    [{ network: '198.51.100.7' }, [d]],
    [{ 'newer-than': '10m' }, [c, d]],
    [{ 'older-than': '10m' }, [a, b]],
    [{ 'older-than': '45s', 'newer-than': '1h' }, [c]],
    [{ permanent: true }, [a]],
    [{ permanent: false }, [b, c, d]],
    [{ sort: 'until' }, [d, c, b, a]],
    [{ sort: 'tier' }, [d, c, b, a]],
    [{ sort: 'client' }, [d, c, a, b]],
    [{ sort: 'condition' }, [d, b, c, a]],
    [{ sort: 'by' }, [d, a, b, c]],
    [{ sort: 'reason', reverse: true }, [d, c, b, a]],
    [{ reverse: true, limit: '2' }, [d, c]],
    [{ network: '203.0.113.0/24', sort: 'client', limit: '1' }, [c]],
    [{ tier: '9' }, []],
  ];
  const bans = trail.activeBans(now);
  for (const [options, expected] of cases) {
    const found = readSelection(options)(bans, now);
    assert.deepEqual(
      found.map(({ client }) => client),
      expected,
      JSON.stringify(options),
    );
  }
  assert.throws(
    () => readSelection({ condition: 'scna' })(bans, now),
    /--condition scna \(did you mean scan\?\): expected one of/,
  );
  // Older versions' names are understood, and one that was imported is known by its own.
  const [ban] = bans;
  if (!ban) throw new Error('no ban');
  const others = [ban, { ...ban, condition: 'crowdsecurity/ssh-bf' }];
  assert.equal(readSelection({ condition: 'surprise' })(others, now).length, 1);
  assert.equal(readSelection({ condition: 'crowdsecurity/ssh-bf' })(others, now).length, 1);
  const words = [
    'list',
    '--json',
    '--since',
    '150m',
    '--no-permanent',
    '--sort',
    'tier',
    '--limit',
    '2',
    '--config',
    config,
  ];
  assert.deepEqual(
    (JSON.parse((await runZban(words)).stdout) as { ip: string }[]).map(({ ip }) => ip),
    [d, c],
  );
  for (const [options, rows, said] of [
    [['--limit', '2'], 2, '2 of 4 bans\n'],
    [['--limit', '4'], 4, ''],
    [['--tier', '0,4'], 2, '2 of 4 bans\n'],
  ] as const) {
    const shown = await runZban(['list', ...options, '--config', config]);
    assert.deepEqual([shown.stdout.match(/^\d/gm)?.length, shown.stderr], [rows, said]);
  }
  const none = await runZban(['list', '--tier', '9', '--config', config]);
  assert.deepEqual([none.stdout, none.stderr, none.exitCode], ['', 'none of the 4 bans in force matches\n', 0]);
});

test('a ban that an older version decided has the present name of its condition on every screen', async (t) => {
  // As it was written then: what reads rows translates.
  const old = { ...banDraft('203.0.113.77', { condition: 'scan' }), condition: 'repetition' } as AuditDraft;
  const { config, openTrail } = record(t, [old, banDraft('203.0.113.78', { condition: 'manual' })]);
  const run = async (...words: string[]) => (await runZban([...words, '--config', config])).stdout;
  assert.match(await run('list'), /^203\.0\.113\.77 +brute_force /m);
  assert.match(await run('list', '--sort', 'condition'), /^203\.0\.113\.77 [\s\S]*^203\.0\.113\.78 /m);
  const texts = [
    await run('list', '--json', '--condition', 'brute_force'),
    await run('export', '--format', 'json'),
    await run('export', '--format', 'crowdsec'),
    await run('audit'),
    await run('audit', '--json'),
    await run('explain', '203.0.113.77'),
    JSON.stringify(packBans(1, openTrail().activeBans(Date.now()), () => [])),
  ];
  for (const text of texts) {
    assert.match(text, /brute_force|guessing passwords/);
    assert.doesNotMatch(text, /repetition/);
  }
  assert.match(await run('audit', 'verify'), /^integrity verified: 2 entries/);
});

test('export prints a list for others, without would-be bans unless they are asked for', async (t) => {
  const { config, trail } = recordSome(t);
  trail.append([banDraft('192.0.2.77', { enforced: false })]);
  const plain = await runZban(['export', '--sort', 'client', '--config', config]);
  assert.equal(plain.stdout, '198.51.100.0/24\n203.0.113.9\n203.0.113.10\n2001:db8:1::/64\n');
  assert.match(plain.stderr, /1 would-be ban of observe mode is left out: --observed takes it along/);
  const observed = await runZban(['export', '--observed', '--network', '192.0.2.0/24', '--config', config]);
  assert.deepEqual([observed.stdout, observed.stderr], ['192.0.2.77\n', '']);
  const csv = await runZban(['export', '--format', 'crowdsec', '--tier', '0,4', '--config', config]);
  assert.match(
    csv.stdout,
    /^duration,reason,scope,type,value\n87600h,zban\/scan,Ip,ban,203\.0\.113\.10\n0h\dm\d+s,asked us to,Range,ban,198\.51\.100\.0\/24\n$/,
  );
  const json = await runZban(['export', '--json', '--limit', '1', '--config', config]);
  const [first] = JSON.parse(json.stdout) as Record<string, unknown>[];
  assert.deepEqual(Object.keys(first ?? {}), ['ip', 'tier', 'since', 'until', 'condition', 'actor', 'reason']);
});

test('filters that cannot be meant are wrong usage', async (t) => {
  const { config } = recordSome(t);
  for (const [words, message] of [
    ['--tier one', /--tier one: expected a whole number/],
    ['--network example.com', /--network example\.com: neither an address nor a network/],
    ['--newer-than soon', /--newer-than soon: expected a time span/],
    ['--sort colour', /expected one of since/],
    ['--limit 0', /--limit 0: expected a whole number/],
    ['--tier 1 --tier 2', /--tier may be given once/],
  ] as const) {
    const { exitCode, stderr } = await runZban(['list', ...words.split(' '), '--config', config]);
    assert.equal(exitCode, 2, words);
    assert.match(stderr, message);
  }
});

test('list --watch into a pipe prints the list again whenever it changed, with --json as one array a line', async (t) => {
  const { config, trail } = record(t, [banDraft('203.0.113.9')]);
  for (const json of [[], ['--json']]) {
    const child = spawn(process.execPath, [MAIN, 'list', '--watch', ...json, '--config', config]);
    t.after(() => child.kill('SIGKILL'));
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until('the first list', () => said.includes('203.0.113.9'));
    const client = `203.0.113.${20 + json.length}`;
    trail.append([banDraft(client)]);
    await until('the second list', () => said.includes(client));
    assert.ok(!said.includes('\u001b'), 'nothing for a terminal');
    const ended = new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
    child.kill('SIGINT');
    assert.equal(await ended, 'SIGINT');
    const lists =
      json.length > 0
        ? said
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
        : said.match(/^\d bans? at/gm);
    assert.equal(lists?.length, 2, said);
  }
});

test('list --watch on a terminal draws in place and leaves the terminal as it was', {
  skip: spawnSync('script', ['--version']).status !== 0 && 'needs script(1) for a terminal',
}, async (t) => {
  const { config, trail } = record(t, [banDraft('203.0.113.9')]);
  for (const end of ['q', '\u0003']) {
    const command = `stty rows 6 cols 60; ${process.execPath} ${MAIN} list --watch --config ${config}; echo code $?`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], { env: { ...process.env, SHELL: '/bin/sh' } });
    t.after(() => child.kill('SIGKILL'));
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until('the first frame', () => said.includes('203.0.113.9'));
    assert.ok(said.includes('\u001b[?1049h'), 'on the alternate screen');
    const many = Array.from({ length: 9 }, (_, index) => banDraft(`192.0.2.${index}`));
    trail.append(many);
    // Six rows: title, header, three bans, how many more.
    await until('a frame that does not fit', () => said.includes('10 bans') && said.includes('… 7 more'));
    child.stdin.write(end);
    await until('the end', () => said.includes('code 0'));
    assert.ok(said.indexOf('\u001b[?25h\u001b[?1049l') > said.lastIndexOf('more'), 'the screen is restored at the end');
    trail.append(many.map(({ client }) => banDraft(client ?? '', { action: 'unban' })));
  }
});
