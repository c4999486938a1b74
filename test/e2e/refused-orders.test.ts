/** Orders that the firewall refuses: who gave them hears that, and why, in the words of the command that failed. */
import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';

test('ban and unban say what the firewall refused, and the trail has it', async (t) => {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  const [program, broken] = [join(daemon.folder, 'firewall'), join(daemon.folder, 'broken')];
  writeFileSync(program, `#!/bin/sh\n[ ! -e ${broken} ] || { echo 'no room left' >&2; exit 3; }\ncat >/dev/null\n`);
  chmodSync(program, 0o755);
  daemon.configure({ firewall: { backend: 'exec', exec: { apply: [program] } } });
  await daemon.start();
  const first = daemon.zban('ban', '198.51.100.1');
  assert.equal(first.status, 0, first.stderr);
  writeFileSync(broken, '');
  const unbanned = daemon.zban('unban', '198.51.100.1');
  assert.equal(unbanned.status, 1, unbanned.stdout);
  assert.match(unbanned.stderr, /198\.51\.100\.1: still blocked by the firewall: .*no room left/);
  const banned = daemon.zban('ban', '198.51.100.2');
  assert.equal(banned.status, 1);
  assert.match(banned.stderr, /198\.51\.100\.2: .*no room left/);
  assert.match(daemon.zban('audit').stdout, /198\.51\.100\.2.*no room left/);
  assert.match(daemon.status()?.troubles.join() ?? '', /no room left/);
  rmSync(broken);
  await until('both are carried out', () => !/no room left/.test(daemon.status()?.troubles.join() ?? 'no room left'));
  assert.match(daemon.zban('unban', '198.51.100.1').stderr, /198\.51\.100\.1: not banned/);
});
