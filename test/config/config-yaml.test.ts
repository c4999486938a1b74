/** config.yaml at the top of the project is what operators read: it must not drift from the schema. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaultConfig, loadConfig } from '../../src/config/load.ts';
import { listKeys } from '../../src/config/suggest.ts';

const file = `${import.meta.dirname}/../../config.yaml`;

/** Keys of the file with their full paths by indentation, commented ones included. */
function keysIn(text: string): Set<string> {
  const found = new Set<string>();
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
    found.add(path);
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
  const shown = [...keysIn(readFileSync(file, 'utf8'))].sort();
  assert.deepEqual(
    shown,
    listKeys()
      .map((key) => key.path)
      .sort(),
  );
});

test('every key of config.yaml has a comment', () => {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (/^\s*(- |# )?[a-z_0-9]+:\s*[^\s#]/.test(line) && !/^\s*- path:/.test(line))
      assert.match(line, /\S\s+# \S/, line);
  }
});
