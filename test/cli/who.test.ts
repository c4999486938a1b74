import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { banDraft, record } from './recorded.ts';
import { runZban } from './run-zban.ts';

test('who says whose an address is once a table was taken over, and explain says so too', async (t) => {
  const { config, folder } = record(t, [banDraft('192.0.2.7')]);
  const empty = await runZban(['who', '192.0.2.7', '--config', config]);
  assert.equal(empty.exitCode, 0);
  assert.equal(empty.stdout, '192.0.2.7 · nothing is known\n');
  assert.match(empty.stderr, /no table of networks at .*zban who update --file FILE/);
  const file = join(folder, 'ip2asn-combined.tsv');
  writeFileSync(file, '192.0.2.0\t192.0.2.255\t64500\tDE\tEXAMPLE\x1b[2J Ltd\n');
  const updated = await runZban(['who', 'update', '--file', file, '--config', config]);
  assert.equal(updated.exitCode, 0, updated.stderr);
  assert.match(updated.stdout, /^\S+who\.table: 2 ranges of addresses, data of \d{4}-\d\d-\d\d\n$/);
  const told = await runZban(['who', '192.0.2.7', '198.51.100.1', '--config', config]);
  assert.equal(told.stdout, '192.0.2.7 · AS64500 EXAMPLE\u{fffd}[2J Ltd, DE\n198.51.100.1 · nothing is known\n');
  assert.match(told.stderr, /who\.table is of \d{4}/);
  const json = await runZban(['who', '192.0.2.7', '--json', '--config', config]);
  const entry = { asn: 64500, name: 'EXAMPLE\u001b[2J Ltd', country: 'DE' };
  assert.deepEqual(JSON.parse(json.stdout), [
    { ip: '192.0.2.7', ...entry, host_name: null, host_name_confirmed: null, robot: null },
  ]);
  const explained = await runZban(['explain', '192.0.2.7', '--config', config]);
  assert.match(explained.stdout, /^Who +AS64500 EXAMPLE/m);
});

test('who refuses what is no address, and an update without a file', async (t) => {
  const { config } = record(t, []);
  for (const words of [['nonsense'], ['update'], ['192.0.2.1', '--file', 'x']]) {
    assert.equal((await runZban(['who', ...words, '--config', config])).exitCode, 2, words.join(' '));
  }
  const absent = await runZban(['who', 'update', '--file', '/nonexistent', '--config', config]);
  assert.equal(absent.exitCode, 1);
  assert.match(absent.stderr, /cannot read \/nonexistent: ENOENT/);
});
