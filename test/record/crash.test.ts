import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { folder, openTrail } from './examples.ts';

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url));

test('killed at any moment, the trail is whole, what was said to be recorded is there, and positions fit the rows', async (t) => {
  const path = join(folder(t), 'zban.db');
  for (const [kill, said] of [1, 7, 20, 33, 61].entries()) {
    const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = once(child, 'exit');
    let [lastId, lastRound, lines] = [0, 0, 0];
    for await (const line of createInterface({ input: child.stdout })) {
      [lastId = 0, lastRound = 0] = line.split(' ').map(Number);
      lines += 1;
      // Killed somewhere within the appends that follow, a little further on each time.
      if (lines === said) setTimeout(() => child.kill('SIGKILL'), kill);
    }
    await gone;
    assert.equal(child.signalCode, 'SIGKILL');
    const { trail, database } = openTrail(t, path);
    const result = verifyAudit(database);
    assert.ok(result.ok, JSON.stringify(result));
    assert.ok(result.lastId >= lastId, `row ${lastId} was said to be on disk, ${result.lastId} is the last`);
    const [saved] = trail.positions();
    assert.ok((saved?.offset ?? 0) >= lastRound);
    database.close();
  }
});
