/** One file a mistake in bad/; expected.txt holds what is said about each. UPDATE_GOLDEN=1 writes it anew: read the difference. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';

const folder = `${import.meta.dirname}/bad`;
const golden = `${folder}/expected.txt`;
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort();

function said(name: string): string {
  const loaded = loadConfig(`${folder}/${name}`);
  assert.equal(loaded.ok, false, `${name} must be refused`);
  return loaded.ok ? '' : loaded.problems.map((problem) => formatProblem(problem).replace(`${folder}/`, '')).join('\n');
}

if (process.env['UPDATE_GOLDEN']) writeFileSync(golden, `${names.map(said).join('\n')}\n`);
const expected = readFileSync(golden, 'utf8').trimEnd().split('\n');

for (const name of names) {
  test(`the mistake in ${name} is named`, () => {
    const lines = expected.filter((line) => line.startsWith(`${name}:`));
    assert.ok(lines.length > 0, 'expected.txt says nothing about it');
    assert.deepEqual(said(name).split('\n'), lines);
  });
}

test('a secret is never repeated, wherever it stands', () => {
  for (const name of names) assert.doesNotMatch(said(name), /SECRET/, name);
});

test('a problem reaches the terminal without its control characters', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  for (const name of names) assert.doesNotMatch(said(name).replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f]/, name);
});
