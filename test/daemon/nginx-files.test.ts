/** Two zbans that were given one file for nginx to include. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { lockNginxFiles } from '../../src/daemon/bans/nginx-files.ts';
import { Lifetime } from '../../src/daemon/lifetime.ts';
import { removeLock } from '../../src/record/database/file-lock.ts';
import { RecordError } from '../../src/record/error.ts';
import { temporaryFolder } from '../support/folder.ts';

/** An instance as far as it holds these files. */
function instance(t: TestContext, nginx: object, changes: object = { mode: 'enforce' }): Lifetime {
  const lifetime = new Lifetime(() => {});
  t.after(() => lifetime.close());
  const config = configSchema.parse({
    logs: [{ path: '/nowhere' }],
    firewall: { backend: 'nginx', nginx },
    ...changes,
  });
  lockNginxFiles(config, lifetime);
  return lifetime;
}

const inUse = (error: unknown) =>
  error instanceof RecordError &&
  error.code === 'in_use' &&
  /another zban uses it: stop that one, or give this one a path of its own/.test(error.message);

test('while one zban writes a file that nginx includes, another with the same does not start', async (t) => {
  const folder = temporaryFolder(t);
  const [file, lanes, own] = [join(folder, 'bans.conf'), join(folder, 'lanes.conf'), join(folder, 'own.conf')];
  const first = instance(t, { file, lanes });
  assert.throws(() => instance(t, { file, lanes: own }), inUse);
  assert.throws(() => instance(t, { file: own, lanes }), inUse);
  assert.throws(() => instance(t, { file, lanes }, { mode: 'observe' }), inUse, 'observing it empties the lanes');
  instance(t, { file }, { mode: 'observe' });
  removeLock(file);
  assert.throws(() => instance(t, { file }), inUse, 'a lock that is held stays');
  await first.close();
  removeLock(file);
  assert.ok(!existsSync(`${file}.lock`));
  instance(t, { file, lanes });
});

test('where no lock can stand, zban starts all the same', (t) => {
  const folder = join(temporaryFolder(t), 'absent');
  instance(t, { file: join(folder, 'bans.conf'), lanes: join(folder, 'lanes.conf') });
  assert.ok(!existsSync(folder));
});
