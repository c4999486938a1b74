/** scripts/install and scripts/uninstall never touch what zban did not make: in a Debian of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Box, bootBox, findObstacle } from '../support/systemd-box.ts';

const project = join(import.meta.dirname, '../..');
const obstacle = findObstacle();
if (obstacle !== undefined) console.error(`SKIPPED, installing beside what others made: ${obstacle}`);

describe('installing beside what others made', { skip: obstacle ?? false }, () => {
  let box: Box;
  const everything = () =>
    box.must('find /opt /usr/local/bin /etc/systemd/system /etc/zban -printf "%p %i %s %l\\n" 2>/dev/null | sort');

  before(async () => {
    const built = spawnSync(join(project, 'scripts/zban'), ['--version'], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    box = await bootBox([`${project}:/src/zban`]);
  });

  after(() => box?.stop());

  async function refuses(words: RegExp, command = '/src/zban/scripts/install'): Promise<void> {
    const before = await everything();
    const { exitCode, stderr } = await box.run(command);
    assert.equal(exitCode, 1, stderr);
    assert.match(stderr, words);
    assert.equal(await everything(), before, 'nothing is changed');
  }

  test('a checkout in /opt/zban stays, and the command that moves it away is one that works', async () => {
    // Its packages by a link: half a gigabyte of them takes longer to copy than all the rest of this test.
    await box.must(`
      mkdir -p /opt/zban /usr/local/src && cd /src/zban
      find . -mindepth 1 -maxdepth 1 ! -name node_modules -exec cp -a -t /opt/zban {} +
      ln -s /src/zban/node_modules /opt/zban`);
    await refuses(
      /this checkout is in \/opt\/zban, where zban installs itself\. Nothing was changed/,
      '/opt/zban/scripts/install',
    );
    const { stderr } = await box.run('/opt/zban/scripts/install');
    const cure = /^zban: +(mv .*)$/m.exec(stderr)?.[1] ?? '';
    const installed = await box.run(cure);
    assert.equal(installed.exitCode, 0, installed.stderr);
    await box.must('test -e /usr/local/src/zban/src/cli/main.ts && test ! -e /opt/zban/src && zban status');
    await box.must('/usr/local/src/zban/scripts/uninstall --purge');
  });

  test('another directory of that name, or a link, is left alone by both', async () => {
    await box.must('mkdir -p /opt/zban && echo mine >/opt/zban/notes');
    await refuses(
      /\/opt\/zban is there without the mark of scripts\/install.*\n.*scripts\/zban --version && mv -T \/opt\/zban \/opt\/zban\.before/,
    );
    assert.match((await box.run('/src/zban/scripts/uninstall')).stderr, /left \/opt\/zban/);
    assert.equal(await box.must('cat /opt/zban/notes'), 'mine');
    await box.must('mv /opt/zban /opt/elsewhere && ln -s elsewhere /opt/zban');
    await refuses(/\/opt\/zban is there/);
    await box.must('/src/zban/scripts/uninstall; test -L /opt/zban && test -e /opt/elsewhere/notes');
    await box.must('rm /opt/zban; rm -r /opt/elsewhere');
  });

  test('another zban on the PATH is not written over, nor what it links to', async () => {
    await box.must('mkdir -p /opt/other && echo theirs >/opt/other/zban && ln -s /opt/other/zban /usr/local/bin/zban');
    await refuses(/\/usr\/local\/bin\/zban is there, and scripts\/install did not make it/);
    await box.must('/src/zban/scripts/uninstall');
    assert.equal(await box.must('cat /usr/local/bin/zban'), 'theirs');
    await box.must('rm /usr/local/bin/zban; rm -r /opt/other');
  });

  test('files that somebody put into /opt/zban, and an account of that name, are kept', async () => {
    await box.must('useradd --create-home --home-dir /home/zban zban');
    await box.must('/src/zban/scripts/install && echo mine >/opt/zban/notes');
    const [before, older] = ['dist/order-BEFORE00.js', 'dist/order-OLDER000.js'];
    await box.must(`cd /opt/zban && touch ${before} ${older} && basename ${older} >dist/.kept`);
    await box.must('test -s /usr/local/share/man/man8/zban.8');
    const { exitCode, stderr } = await box.run('/src/zban/scripts/install');
    assert.equal(exitCode, 0, stderr);
    const kept = /left (\S+): it holds files that zban did not put there/.exec(stderr)?.[1];
    assert.equal(await box.must(`ls -A ${kept}; cat ${kept}/notes`), 'notes\nmine');
    // What a daemon imports later, of the build that it was started from and no other.
    await box.must(`cd /opt/zban && test -e ${before} && test ! -e ${older}`);
    await box.must('echo mine >/opt/zban/notes && /opt/zban/scripts/uninstall --purge');
    await box.must('test ! -e /usr/local/share/man/man8/zban.8');
    assert.equal(await box.must('ls -A /opt/zban'), 'notes');
    await box.must('getent passwd zban');
  });
});
