import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkWho } from '../../src/doctor/who.ts';
import { updateWhoTable } from '../../src/host/who-update.ts';

test('a table of networks that is old or not whole is a warning, and none is nothing to say', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-who-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [table, source] = [join(folder, 'who.table'), join(folder, 'table.tsv')];
  const madeMs = Date.UTC(2026, 0, 15);
  const levels = (nowMs: number) => checkWho({ who: { table, dns: true } }, nowMs).map(({ level }) => level);
  assert.deepEqual(levels(madeMs), []);
  writeFileSync(source, '192.0.2.0\t192.0.2.255\t64500\tDE\tEXAMPLE\n');
  utimesSync(source, madeMs / 1000, madeMs / 1000);
  await updateWhoTable(source, table);
  const [found] = checkWho({ who: { table, dns: true } }, madeMs);
  assert.match(found?.message ?? '', /2 ranges of addresses, data of 2026-01-15$/);
  assert.deepEqual(levels(madeMs), ['ok']);
  assert.deepEqual(levels(madeMs + 200 * 86_400_000), ['warn']);
  writeFileSync(table, 'nonsense');
  assert.deepEqual(levels(madeMs), ['warn']);
});
