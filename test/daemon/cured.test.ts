/** With a real process: what a reload cures is called over, and what it does not cure is not. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';

test('troubles of what a reload takes out of the configuration are over, those of what stays are not', async (t) => {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  const [folder, nothing] = [join(daemon.folder, 'folder.log'), join(daemon.folder, 'nothing')];
  const kept = join(daemon.folder, 'kept.log');
  for (const path of [folder, kept]) mkdirSync(path);
  const bot = (name: string) => ({ name, template: 'telegram', token_file: nothing, chat: '1' });
  const configure = (logs: readonly string[], bots: readonly string[], more = {}) =>
    daemon.configure({
      logs: logs.map((path) => ({ path })),
      notify: { webhook: bots.map(bot) },
      ...more,
    });
  configure([daemon.log, folder, kept], ['gone', 'kept'], {
    bans: { allowlist: ['nobody.invalid'], cdn_ranges: nothing },
    http: { listen: '127.0.0.1:0', token_file: nothing },
  });
  writeFileSync(daemon.log, '');
  await daemon.start();
  const cured = [
    /folder\.log/,
    /channel gone: /,
    /nobody\.invalid of the allowlist/,
    /list that comes with zban/,
    /act from the dashboard/,
  ];
  const stays = [/kept\.log/, /channel kept: /];
  const troubles = () => daemon.status()?.troubles ?? [];
  const all = [...cured, ...stays];
  await until('all of them', () => all.every((words) => troubles().some((text) => words.test(text))));

  // Another instance with the same configuration finds all of it again.
  daemon.child?.kill('SIGHUP');
  await until('the reload', () => readFileSync(daemon.auditLog, 'utf8').includes(' RELOAD | '));
  await until('it stands again', () => all.every((words) => troubles().some((text) => words.test(text))));
  assert.doesNotMatch(daemon.stderr, /"over: /);

  configure([daemon.log, kept], ['kept']);
  daemon.child?.kill('SIGHUP');
  const over = () => [...daemon.stderr.matchAll(/"over: ([^"]+)"/g)].map(([, what = '']) => what);
  await until('what is cured is over', () => cured.every((words) => over().some((text) => words.test(text))));
  await until('the others', () => stays.every((words) => troubles().some((text) => words.test(text))));
  assert.equal(over().length, cured.length, over().join('\n'));
});
