/** What `npm run ablation` takes out is still there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listChanges, listUntried } from './constants.ts';
import { listMechanisms } from './mechanisms.ts';

test('each mechanism and each constant of an ablation stands in the source', () => {
  const mechanisms = listMechanisms();
  assert.ok(mechanisms.length > 20);
  assert.equal(new Set(mechanisms.map(({ name }) => name)).size, mechanisms.length);
  const changes = listChanges();
  for (const rule of ['scan limit 12', 'brute-force leak 1.3', 'scrape BARE 2.5', 'flood limit 45'])
    assert.ok(
      changes.some(({ name }) => name === rule),
      rule,
    );
});

test('an ablation tries every number of the rules that has a name', () => {
  assert.deepEqual(listUntried(), []);
});
