import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Context } from '../../src/cli/context.ts';
import { findOwners } from '../../src/cli/who-column.ts';
import { updateWhoTable } from '../../src/host/who-update.ts';
import { place } from './run-zban.ts';

test('a wide terminal shows who the clients are, where anybody is known; nothing else does', async (t) => {
  const { folder, config } = place(t);
  const context: Context = {
    output: { data: () => {}, say: () => {}, json: () => {}, talk: () => {} },
    ...{ configPath: config, json: false, env: {}, now: Date.now },
  };
  const wide = { isTTY: true, columns: 200 };
  const clients = ['192.0.2.7', '198.51.100.1', '2001:db8::/64'];
  assert.equal(findOwners(context, wide)(clients), undefined, 'no table yet');
  writeFileSync(join(folder, 'table.tsv'), '192.0.2.0\t192.0.2.255\t64500\tDE\tEXAMPLE\n');
  await updateWhoTable(join(folder, 'table.tsv'), join(folder, 'who.table'));
  assert.deepEqual(findOwners(context, wide)(clients), ['AS64500 EXAMPLE, DE', '', '']);
  assert.equal(findOwners(context, wide)(['198.51.100.1']), undefined);
  assert.equal(findOwners(context, { ...wide, columns: 120 })(clients), undefined);
  assert.equal(findOwners(context, { ...wide, isTTY: false })(clients), undefined);
  assert.equal(findOwners({ ...context, json: true }, wide)(clients), undefined);
});
