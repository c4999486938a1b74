import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadList } from '../../../src/cli/ban-list/load-list.ts';
import { parsePlain } from '../../../src/cli/ban-list/plain.ts';

test('bans come in the order of the database, each with its line, and the last line about a target last', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-list-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'list.txt');
  writeFileSync(
    path,
    '203.0.113.9 2h\n2001:db8::1\nnonsense\n198.51.100.0/24\n203.0.113.9 1h\n192.0.2.1\n203.0.113.10\n',
  );
  const { bans, lines, problems } = await loadList(path, parsePlain);
  assert.deepEqual(
    bans.map(({ target, forMs }, index) => [lines[index], target, forMs]),
    [
      [6, '192.0.2.1', undefined],
      [4, '198.51.100.0/24', undefined],
      [2, '2001:db8::1', undefined],
      [7, '203.0.113.10', undefined],
      [1, '203.0.113.9', 7_200_000],
      [5, '203.0.113.9', 3_600_000],
    ],
  );
  assert.deepEqual(problems, [{ line: 3, message: 'nonsense is neither an address nor a network' }]);
});
