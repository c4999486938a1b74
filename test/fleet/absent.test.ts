/** A host without a fleet loads nothing of it: the client library and the link are behind imports that only a fleet reaches. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const src = join(import.meta.dirname, '../../src');
/** Modules that are loaded with this one. */
const STATIC = /^(?:import|export)(?! type)[^;]*?from '([^']+)';|^import '([^']+)';/gms;

function loadedWith(entry: string): Set<string> {
  const found = new Set<string>();
  const open = [join(src, entry)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const [, from = '', bare = ''] of readFileSync(file, 'utf8').matchAll(STATIC)) {
      const name = from || bare;
      if (name.startsWith('.')) open.push(join(dirname(file), name));
      else found.add(name);
    }
  }
  return found;
}

test('the daemon and its threads load neither the link nor the client library by themselves', () => {
  for (const entry of [
    'daemon/daemon.ts',
    'workers/traffic-worker.ts',
    'cli/commands/doctor.ts',
    'cli/commands/fleet.ts',
  ]) {
    const loaded = [...loadedWith(entry)];
    assert.ok(loaded.length > 20, entry);
    assert.deepEqual(
      loaded.filter((name) => name.startsWith(join(src, 'fleet')) || name.includes('redis')),
      [],
      entry,
    );
  }
});

test('nothing loads the client library but where a connection is made', () => {
  const users = globSync('**/*.ts', { cwd: src }).filter((file) =>
    readFileSync(join(src, file), 'utf8').includes("'@redis/client'"),
  );
  assert.deepEqual(users, ['fleet/server.ts']);
  assert.doesNotMatch(readFileSync(join(src, 'fleet/server.ts'), 'utf8'), /^import [^;]*'@redis\/client'/m);
});
