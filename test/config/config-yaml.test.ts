/** config.yaml at the top of the project is what operators read: it must not drift from the schema. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaultConfig, loadConfig } from '../../src/config/load.ts';
import { listKeys } from '../../src/config/suggest.ts';

const file = `${import.meta.dirname}/../../config.yaml`;

/** Keys of the file by their full paths, which follow from the indentation, with their lines; commented ones included. */
function keysIn(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const parents: { indent: number; path: string }[] = [];
  for (const line of text.split('\n')) {
    const match = /^(\s*)(- |# )?([a-z_0-9]+):($| [^#\s]| +#)/.exec(line);
    if (!match) continue;
    const [, space = '', mark, name] = match;
    const indent = space.length + (mark === '- ' ? 2 : 0);
    while ((parents.at(-1)?.indent ?? -1) >= indent) parents.pop();
    const parent = parents.at(-1)?.path;
    const path =
      parent === undefined ? `${name}` : `${parent}${/(^|\.)(logs|webhook)$/.test(parent) ? '[]' : ''}.${name}`;
    found.set(path, line);
    if (mark !== '# ') parents.push({ indent, path });
  }
  return found;
}

test('config.yaml holds exactly the defaults', () => {
  const loaded = loadConfig(file);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(loaded.config, defaultConfig().config);
  assert.equal(loaded.version, defaultConfig().version);
  assert.deepEqual(loaded.warnings, []);
});

test('config.yaml shows every key of the schema and no other', () => {
  const shown = [...keysIn(readFileSync(file, 'utf8')).keys()].sort();
  assert.deepEqual(
    shown,
    listKeys()
      .map((key) => key.path)
      .sort(),
  );
});

test('the comment of a key with a choice names every choice', () => {
  const lines = keysIn(readFileSync(file, 'utf8'));
  const choices = listKeys().filter(({ choices }) => choices.length > 0);
  assert.ok(choices.length >= 10);
  for (const { path, choices: all } of choices) {
    const line = lines.get(path) ?? '';
    // Of severities, which are a range, the first and the last; as with slack: there.
    const named = /^SEV-/.test(`${all[0]}`) ? [all[0], all.at(-1)] : all;
    if (/# as with \w+|by default$/.test(line)) continue;
    for (const choice of named) assert.match(line, new RegExp(`[ (]${choice}([ ,:]|$)`), path);
  }
});

test('every key of config.yaml has a comment', () => {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (/^\s*(- |# )?[a-z_0-9]+:\s*[^\s#]/.test(line) && !/^\s*- path:/.test(line))
      assert.match(line, /\S\s+# \S/, line);
  }
});
