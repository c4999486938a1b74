/** Completion and man page say what the definitions say: in real shells, and held to date. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMPLETION_SCRIPTS } from '../../src/cli/completion.ts';
import { COMMANDS } from '../../src/cli/definitions/all.ts';
import { nameOf } from '../../src/cli/definitions/command.ts';
import { formatManPage } from '../../src/cli/man-page.ts';
import { DEADLINE_MS } from '../support/until.ts';

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0;

function run(shell: string, args: readonly string[], script: string): string {
  const { status, stdout, stderr } = spawnSync(shell, [...args, '-c', script], {
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout;
}

/** What bash offers for the last of these words. */
function completeInBash(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `${COMPLETION_SCRIPTS.bash(COMMANDS)}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _zban; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run('bash', ['--norc'], script).split('\n').filter(Boolean);
}

test('bash completes commands, options, values and files', () => {
  assert.deepEqual(completeInBash('zban', 'un'), ['unban']);
  assert.deepEqual(
    completeInBash('zban', '').filter((word) => !word.startsWith('-')),
    COMMANDS.map(nameOf),
  );
  assert.deepEqual(completeInBash('zban', 'audit', 'v'), ['verify']);
  assert.deepEqual(completeInBash('zban', 'ban', '--fo'), ['--for']);
  assert.deepEqual(completeInBash('zban', 'ban', '--for', ''), []);
  assert.deepEqual(completeInBash('zban', '--config', '/dev/nul', 'x').length, 0);
  assert.deepEqual(completeInBash('zban', '--config', '/dev/nul'), ['/dev/null']);
  assert.deepEqual(completeInBash('zban', '--config', 'list', 'list', '--sort', 'un'), ['until']);
  assert.deepEqual(completeInBash('zban', 'replay', '/dev/nul'), ['/dev/null']);
});

test('zsh takes its script', { skip: !has('zsh') && 'needs zsh' }, () => {
  const script = COMPLETION_SCRIPTS.zsh(COMMANDS);
  assert.equal(run('zsh', ['-f', '-n'], script), '');
  assert.equal(run('zsh', ['-f'], `autoload -U compinit; compinit -u -D\n${script}\nprint $_comps[zban]`), '_zban\n');
});

test('fish completes commands, options and values', { skip: !has('fish') && 'needs fish' }, () => {
  const complete = (line: string) =>
    run('fish', ['--no-config'], `${COMPLETION_SCRIPTS.fish(COMMANDS)}\ncomplete -C '${line}'`)
      .split('\n')
      .map((offer) => offer.split('\t')[0]);
  assert.ok(complete('zban un').includes('unban'));
  assert.ok(complete('zban list --sort u').includes('until'));
  assert.ok(complete('zban audit v').includes('verify'));
});

test('the man page is what the definitions make of it', () => {
  const page = join(import.meta.dirname, '../../docs/zban.8');
  assert.equal(readFileSync(page, 'utf8'), formatManPage(), 'run npm run man');
  for (const { usage } of COMMANDS) assert.ok(formatManPage().includes(`.SS zban ${usage}`), usage);
});

test('every command has a summary without a full stop, and examples that call it', () => {
  for (const definition of COMMANDS) {
    assert.match(definition.summary, /[^.]$/);
    assert.ok(definition.examples.length > 0, definition.usage);
    for (const [line] of definition.examples) assert.match(line, new RegExp(`\\bzban ${nameOf(definition)}\\b`));
  }
});
