/** Backend exec with a real program: a shell script that keeps its bans in a file. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Operation } from '../../src/enforce/backend.ts';
import { temporaryFolder } from '../support/folder.ts';
import { remove } from './operations.ts';
import { listed, openExec } from './world.ts';

const add = (target: string, untilMs: number | null): Operation => ({ target, untilMs });
const NOW_MS = 1_000_000;

function setUp(t: TestContext, lists: boolean, program = 'cat >> "$1"') {
  const folder = temporaryFolder(t);
  const [script, got, stands] = ['program', 'got', 'stands'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(script, `#!/bin/sh\n${program}\n`);
  chmodSync(script, 0o755);
  writeFileSync(got, '');
  const backend = openExec([script, got], lists ? ['cat', stands] : undefined, () => NOW_MS);
  return { backend, stands, got: () => readFileSync(got, 'utf8') };
}

test('one call for any number of changes, a line each, lasting seconds from now', async (t) => {
  const { backend, got } = setUp(t, false);
  assert.deepEqual(await backend.setUp(), []);
  const operations = [
    add('192.0.2.1', NOW_MS + 600_000),
    add('2001:db8::/64', null),
    remove('192.0.2.2'),
    add('192.0.2.3', 5),
  ];
  await backend.apply(operations, NOW_MS);
  assert.equal(got(), 'unban 192.0.2.2\nunban 192.0.2.3\nban 192.0.2.1 600\nban 2001:db8::/64 permanent\n');
  assert.equal(await backend.confirm(operations, NOW_MS), true);
  assert.deepEqual(await listed(backend), [
    { target: '192.0.2.1', untilMs: NOW_MS + 600_000 },
    { target: '2001:db8::/64', untilMs: null },
  ]);
  await backend.apply([], NOW_MS);
  assert.equal(got().split('\n').length, 5, 'nothing to do, nothing run');
});

test('with a list, what it prints is what stands', async (t) => {
  const { backend, stands } = setUp(t, true);
  writeFileSync(stands, '192.0.2.1 1600\n\n2001:db8::/64 permanent\n');
  assert.deepEqual(await listed(backend), [
    { target: '192.0.2.1', untilMs: 1_600_000 },
    { target: '2001:db8::/64', untilMs: null },
  ]);
  assert.equal(await backend.confirm([add('192.0.2.1', 1_600_000), remove('192.0.2.2')], NOW_MS), true);
  assert.equal(await backend.confirm([add('192.0.2.2', 1_600_000)], NOW_MS), false);
  writeFileSync(stands, 'Chain INPUT (policy ACCEPT)\n');
  await assert.rejects(listed(backend), {
    code: 'bad_output',
    message: /Chain INPUT.*where TARGET EPOCH_SECONDS is expected/,
  });
});

test('a program that fails has not banned: told with its words, and nothing is believed to stand', async (t) => {
  const { backend } = setUp(t, false, 'echo "no such table" >&2; exit 3');
  await assert.rejects(backend.apply([add('192.0.2.1', null)], NOW_MS), { message: /no such table/ });
  assert.deepEqual(await listed(backend), []);
  assert.equal(await backend.confirm([add('192.0.2.1', null)], NOW_MS), false);
});

test('what no table can hold never reaches the program', async (t) => {
  const { backend, got } = setUp(t, false);
  await assert.rejects(
    backend.apply([add('0.0.0.0/0', null), add('$(reboot)', null), add('192.0.2.1', null)], NOW_MS),
    {
      code: 'kernel_refused',
    },
  );
  assert.equal(got(), 'ban 192.0.2.1 permanent\n');
});
