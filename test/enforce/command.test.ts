import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EnforcementError, type EnforcementErrorCode } from '../../src/enforce/backend.ts';
import { createCommandRunner } from '../../src/enforce/command.ts';
import { DEADLINE_MS } from '../support/until.ts';
import { createFakeTools } from './fake-tools.ts';
import { eventually } from './world.ts';

function setUp(t: { after(work: () => unknown): void }, timeoutMs = DEADLINE_MS) {
  const tools = createFakeTools();
  t.after(() => tools.remove());
  const { PATH: path } = process.env;
  process.env['PATH'] = tools.path;
  t.after(() => {
    process.env['PATH'] = path;
  });
  return { tools, run: createCommandRunner({ timeoutMs }) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie of a container without an init answers too.
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('arguments and standard input arrive as they are, no shell in between', async (t) => {
  const { tools, run } = setUp(t);
  tools.set('tool', 'printf "%s|" "$@"; cat; printf "%s" "$LC_ALL/$TZ" >&2');
  const { stdout, stderr } = await run({ argv: ['tool', '$(id)', 'a b', ';'], stdin: 'line\n' });
  assert.equal(stdout, '$(id)|a b|;|line\n');
  assert.equal(stderr, 'C/UTC');
});

test('lines arrive whole, however long the listing, the last one without its end too', async (t) => {
  const { tools, run } = setUp(t);
  tools.set('tool', 'yes "add zban4 192.0.2.1 timeout 100" | head -n 200000; printf last');
  let lines = 0;
  let last = '';
  const odd: string[] = [];
  await run({
    argv: ['tool'],
    onLine(line) {
      if (line !== 'add zban4 192.0.2.1 timeout 100') odd.push(line);
      lines++;
      last = line;
    },
  });
  assert.deepEqual([lines, last, odd], [200_001, 'last', ['last']]);
});

test('output without end is cut off as bad, and what a reader refuses rejects', async (t) => {
  const { tools, run } = setUp(t);
  tools.set('tool', 'exec yes');
  await assert.rejects(run({ argv: ['tool'] }), { code: 'bad_output' });
  const refuse = () => {
    throw new EnforcementError('bad_output', 'no such line');
  };
  await assert.rejects(run({ argv: ['tool'], onLine: refuse }), { message: 'no such line' });
});

test('a tool that hangs is killed with its children at the time limit, and nobody waits for it', async (t) => {
  const { tools, run } = setUp(t, 200);
  const pidFile = join(tools.path, 'pid');
  tools.set('tool', `sleep 600 & echo $! > ${pidFile}; wait`);
  await assert.rejects(run({ argv: ['tool'], stdin: 'x'.repeat(1_000_000) }), (error) => {
    assert.ok(error instanceof EnforcementError && error.code === 'timeout');
    assert.match(error.message, /tool did not finish within 0\.2 s \(firewall\.command_timeout\)/);
    return true;
  });
  const pid = Number(readFileSync(pidFile, 'utf8'));
  assert.ok(pid > 1 && (await eventually(() => !isAlive(pid))));
});

test('a tool that runs when zban gives up is killed, and no other is run', async (t) => {
  const { tools } = setUp(t);
  const giveUp = new AbortController();
  const run = createCommandRunner({ timeoutMs: 600_000, signal: giveUp.signal });
  tools.set('tool', 'echo begun; exec sleep 600');
  const onLine = () => giveUp.abort();
  await assert.rejects(run({ argv: ['tool'], onLine }), { code: 'aborted' });
  await assert.rejects(run({ argv: ['tool'] }), { code: 'aborted' });
});

test('a tool that leaves its standard input unread is judged by its exit status', async (t) => {
  const { tools, run } = setUp(t);
  tools.set('tool', 'exit 0');
  await run({ argv: ['tool'], stdin: 'x'.repeat(5_000_000) });
});

const EXITS: readonly (readonly [string, EnforcementErrorCode, RegExp])[] = [
  [
    'echo "iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)" >&2; exit 4',
    'no_permission',
    /CAP_NET_ADMIN/,
  ],
  [
    'echo "2026/11/22 04:11:25 [emerg] 438#438: open() \\"/var/log/nginx/error.log\\" failed (13: Permission denied)" >&2; exit 1',
    'no_permission',
    /docs\/behind-a-proxy\.md/,
  ],
  ['echo "ipset v7.17: Kernel error received: Operation not permitted" >&2; exit 1', 'no_permission', /CAP_NET_ADMIN/],
  [
    'echo "Fatal: can\'t open lock file /run/xtables.lock: Permission denied" >&2; exit 4',
    'no_permission',
    /lock file/,
  ],
  [
    'echo "Another app is currently holding the xtables lock. Stopped waiting after 1s." >&2; exit 4',
    'lock_held',
    /tries again/,
  ],
  ['exit 4', 'lock_held', /status 4/],
  [
    'echo "iptables-restore v1.8.9 (nf_tables): line 3: RULE_APPEND failed (No such file or directory)" >&2; exit 4',
    'kernel_refused',
    /RULE_APPEND/,
  ],
  [
    "echo \"iptables-restore: Couldn't load match 'time': No such file or directory\" >&2; exit 2",
    'kernel_refused',
    /load match/,
  ],
  ['echo "ipset v7.17: Error in line 3: Hash is full, cannot add more elements" >&2; exit 1', 'set_full', /max_active/],
  ['kill -9 $$', 'kernel_refused', /was killed/],
];

for (const [script, code, message] of EXITS) {
  test(`${code}: ${script}`, async (t) => {
    const { tools, run } = setUp(t);
    tools.set('tool', script);
    await assert.rejects(run({ argv: ['tool'] }), { name: 'EnforcementError', code, message });
  });
}

test('a tool that is not there, or must not run, is told with its remedy', async (t) => {
  const { tools, run } = setUp(t);
  await assert.rejects(run({ argv: ['no-such-tool'] }), {
    code: 'missing_tool',
    message: /apt-get install no-such-tool$/,
  });
  // A program of the operator's own is in no package.
  await assert.rejects(run({ argv: ['/nonexistent/my-firewall'] }), { message: /correct firewall\.exec/ });
  writeFileSync(join(tools.path, 'tool'), '');
  chmodSync(join(tools.path, 'tool'), 0o644);
  await assert.rejects(run({ argv: ['tool'] }), { code: 'no_permission' });
});

test('what a tool said reaches messages on one line of printable characters', async (t) => {
  const { tools, run } = setUp(t);
  tools.set(
    'tool',
    "printf 'bad \\033[31m\\n\\nTry `tool -h` for help\\nline' >&2; yes long | head -n 1000 >&2; exit 1",
  );
  await assert.rejects(run({ argv: ['tool'] }), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /^tool ended with status 1: bad \?\[31m; line/);
    assert.doesNotMatch(error.message, /[^\x20-\x7e]|Try `/);
    assert.ok(error.message.length < 400);
    return true;
  });
});
