import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BanRequest } from '../../src/control/protocol.ts';
import { serveControl } from '../support/control.ts';
import { place, runZban } from './run-zban.ts';

test('what follows -- is no option, whatever the command', async (t) => {
  const { config, socket } = place(t);
  const asked: string[][] = [];
  const note = async ({ targets }: { readonly targets: readonly string[] }) => {
    asked.push([...targets]);
    return [];
  };
  const handlers = {
    ban: ({ bans }: BanRequest) => note({ targets: bans.map(({ target }) => target) }),
    unban: note,
    allow: note,
  };
  await serveControl(t, socket, handlers);
  const run = (command: string, ...words: readonly string[]) => runZban([command, '--config', config, ...words]);

  assert.equal((await run('ban', '--', '192.0.2.1', '192.0.2.2')).exitCode, 0);
  assert.equal((await run('unban', '192.0.2.1', '--', '192.0.2.2')).exitCode, 0);
  assert.equal((await run('allow', '--', 'office.example.com')).exitCode, 0);
  assert.deepEqual(asked.splice(0), [['192.0.2.1', '192.0.2.2'], ['192.0.2.1', '192.0.2.2'], ['office.example.com']]);
  for (const [command, message] of [
    ['ban', /^zban: --all is neither an address nor a network$/m],
    ['unban', /^zban: --all is neither an address nor a network$/m],
    ['allow', /^zban: --all is neither an address nor a network$/m],
    ['import', /^zban: .*--all/m],
    ['replay', /^zban: cannot read --all: missing/m],
    ['firewall', /^zban: --all: expected flush$/m],
  ] as const) {
    const { stderr, exitCode } = await run(command, '--', '--all');
    assert.match(stderr, message, command);
    assert.notEqual(exitCode, 0);
  }
  assert.deepEqual(asked, []);
});
