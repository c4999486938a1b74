/** The contract for backends that change no kernel: a table in memory, an include file of nginx, a program. Packets aside, the same as for a kernel. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type EnforcementBackend, EnforcementError, type Operation } from '../../src/enforce/backend.ts';
import { createCommandRunner } from '../../src/enforce/command.ts';
import { createDryRunBackend } from '../../src/enforce/dry-run.ts';
import { createNginxBackend } from '../../src/enforce/nginx.ts';
import { temporaryFolder } from '../support/folder.ts';
import { DEADLINE_MS } from '../support/until.ts';
import { add, remove } from './operations.ts';
import { listed, openExec } from './world.ts';

const run = createCommandRunner({ timeoutMs: DEADLINE_MS });

function makeFolder(t: TestContext): string {
  const folder = temporaryFolder(t);
  return folder;
}

/** A firewall in a file: what it is told on standard input it adds or takes out. */
function execBackend(t: TestContext): EnforcementBackend {
  const folder = makeFolder(t);
  const [program, table] = [join(folder, 'program'), join(folder, 'table')] as const;
  const script = `#!/bin/sh
awk -v now="$(date +%s)" '
  kind == "table" { ends[$1] = $2; next }
  $1 == "ban" { ends[$2] = $3 == "permanent" ? $3 : now + $3 }
  $1 == "unban" { delete ends[$2] }
  END { for (target in ends) print target, ends[target] }
' kind=table ${table} kind=change - > ${table}.new && mv ${table}.new ${table}
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  writeFileSync(table, '');
  return openExec([program], ['cat', table], Date.now);
}

/** nginx itself is played by a program that says what it includes; nginx.test.ts has the real one. */
function nginxBackend(t: TestContext): EnforcementBackend {
  const file = join(makeFolder(t), 'zban.conf');
  let now = 0;
  return createNginxBackend({
    file,
    format: 'deny',
    test: ['echo', `# configuration file ${file}:`],
    reload: ['true'],
    run,
    // Without this every change would wait a second for the next reload.
    elapsedMs: () => (now += 2000),
  });
}

const SUBJECTS: Readonly<Record<string, (t: TestContext) => EnforcementBackend>> = {
  'dry-run': () => createDryRunBackend(Date.now),
  exec: execBackend,
  nginx: nginxBackend,
};

for (const [name, create] of Object.entries(SUBJECTS)) {
  describe(name, () => {
    const setUp = async (t: TestContext) => {
      const backend = create(t);
      await backend.setUp();
      const apply = (...operations: Operation[]) => backend.apply(operations, Date.now());
      const confirm = (...operations: Operation[]) => backend.confirm(operations, Date.now());
      const list = () => listed(backend);
      const targets = async () => (await list()).map(({ target }) => target).sort();
      return { backend, apply, confirm, list, targets };
    };

    test('has its name, and a second set-up finds nothing to do', async (t) => {
      const { backend, targets } = await setUp(t);
      assert.equal(backend.name, name);
      assert.deepEqual(await backend.setUp(), []);
      assert.deepEqual(await targets(), []);
    });

    test('bans are listed and confirmed with their ends, changed, and lifted', async (t) => {
      const { apply, confirm, list, targets } = await setUp(t);
      await apply(add('192.0.2.1'), add('2001:db8:1::/64', null), add('198.51.100.0/24'));
      assert.deepEqual(await targets(), ['192.0.2.1', '198.51.100.0/24', '2001:db8:1::/64']);
      assert.ok(await confirm(add('192.0.2.1'), remove('192.0.2.2')));
      assert.ok(!(await confirm(add('192.0.2.2'))) && !(await confirm(remove('192.0.2.1'))));
      const untilOf = async (target: string) => (await list()).find((ban) => ban.target === target)?.untilMs;
      assert.equal(await untilOf('2001:db8:1::/64'), null);
      await apply(add('192.0.2.1', 5_000_000), add('2001:db8:1::/64', 50_000));
      for (const [target, forMs] of [
        ['192.0.2.1', 5_000_000],
        ['2001:db8:1::/64', 50_000],
      ] as const) {
        const untilMs = await untilOf(target);
        assert.ok(
          typeof untilMs === 'number' && Math.abs(untilMs - Date.now() - forMs) < 10_000,
          `${target} ${untilMs}`,
        );
      }
      await apply(remove('192.0.2.1'), remove('192.0.2.9'), add('192.0.2.8', -5000));
      assert.deepEqual(await targets(), ['198.51.100.0/24', '2001:db8:1::/64']);
      assert.ok(await confirm(remove('192.0.2.1'), add('192.0.2.8', -5000)));
    });

    test('what cannot be banned is refused in words, and the rest is done', async (t) => {
      const { apply, targets } = await setUp(t);
      await assert.rejects(
        apply(add('0.0.0.0/0'), add('$(reboot)\nflush'), add('192.0.2.6')),
        (error) =>
          error instanceof EnforcementError && error.code === 'kernel_refused' && /0\.0\.0\.0\/0/.test(error.message),
      );
      assert.deepEqual(await targets(), ['192.0.2.6']);
    });

    test('ten thousand bans in one go, listed as they were given', async (t) => {
      const { apply, targets } = await setUp(t);
      const many = Array.from({ length: 5000 }, (_, i) => [
        `198.18.${i >> 8}.${i & 255}`,
        `2001:db8:${(i + 1).toString(16)}::/64`,
      ]).flat();
      await apply(...many.map((target) => add(target)));
      assert.deepEqual(await targets(), [...many].sort());
      await apply(...many.slice(0, 5000).map(remove));
      assert.deepEqual(await targets(), many.slice(5000).sort());
    });
  });
}

test('the table in memory is set up once, and its bans end by themselves', async () => {
  let nowMs = 1000;
  const backend = createDryRunBackend(() => nowMs);
  assert.equal((await backend.setUp()).length, 1);
  const [timed, permanent] = [
    { target: '192.0.2.1', untilMs: 5000 },
    { target: '2001:db8::/64', untilMs: null },
  ];
  await backend.apply([timed, { target: '192.0.2.2', untilMs: 1000 }, permanent], nowMs);
  assert.deepEqual(await listed(backend), [timed, permanent]);
  nowMs = 4999;
  assert.equal(await backend.confirm([timed], nowMs), true);
  nowMs = 5000;
  assert.equal(await backend.confirm([remove('192.0.2.1')], nowMs), true);
  assert.deepEqual(await listed(backend), [permanent]);
});
