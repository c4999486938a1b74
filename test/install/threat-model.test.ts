/** docs/threat-model.md names what exists, and leaves out no field of the log. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FIELD_NAMES } from '../../src/parse/fields.ts';

const project = join(import.meta.dirname, '../..');
const page = readFileSync(join(project, 'docs/threat-model.md'), 'utf8');

test('every test that the threat model names exists', () => {
  const named = [...page.matchAll(/\btest\/[\w/.-]+\.ts\b/g)].map(([path]) => path);
  assert.deepEqual(
    named.filter((path) => !existsSync(join(project, path))),
    [],
  );
});

test('every threat has a test that shows what zban does', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/\| shown by \|$/.test(line));
  assert.ok(rows.length > 30);
  assert.deepEqual(
    rows.filter((row) => !/\| test\/[^|]+\.test\.ts \|$/.test(row)),
    [],
  );
});

test('no table is cut in two: the rows after an empty line are no table', () => {
  const tables = page.split('\n\n').filter((part) => part.startsWith('|'));
  assert.deepEqual(
    tables.filter((table) => !/^\|.*\n\|[-|]+\n/.test(table)),
    [],
  );
});

test('every field of the log is in it, and it is one page', () => {
  assert.deepEqual(
    FIELD_NAMES.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
  assert.ok(page.split('\n').length <= 120);
});
