/** The walls that ARCHITECTURE.md draws: its table of folders against the tree and what its files import. */
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');

const folders = [
  ...readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').matchAll(
    /^\| `(\w+)` \| (vocabulary|core|adapter|root) \| (.+) \|$/gm,
  ),
].map(([, name = '', kind = '', purpose = '']) => ({ name, kind, purpose }));
const rank = new Map(folders.map(({ name }, index) => [name, index]));
const kindOf = new Map(folders.map(({ name, kind }) => [name, kind]));
const isPure = (folder: string) => ['vocabulary', 'core'].includes(kindOf.get(folder) ?? '');

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const files = globSync('**/*.{ts,js}', { cwd: src }).sort();
const imports: Import[] = files.flatMap((file) =>
  [...readFileSync(join(src, file), 'utf8').matchAll(/^(import|export)( type)? [^;]*?from '(\.[^']+)';/gms)].map(
    ([, , type, path = '']) => ({
      file,
      from: file.split('/')[0] ?? '',
      to: relative(src, join(src, dirname(file), path)).split('/')[0] ?? '',
      isType: type !== undefined,
    }),
  ),
);

test('every folder is in the table with its purpose in one sentence, and nothing else is', () => {
  const entries = readdirSync(src, { withFileTypes: true });
  assert.deepEqual(
    entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
    [],
    'files belong to a folder',
  );
  assert.deepEqual(folders.map(({ name }) => name).sort(), entries.map(({ name }) => name).sort());
  for (const { name, purpose } of folders) assert.doesNotMatch(purpose, /\. /, name);
});

test('no file of src has more than 300 lines', () => {
  const long = files.filter((file) => readFileSync(join(src, file), 'utf8').split('\n').length - 1 > 300);
  assert.deepEqual(long, [], 'split it by meaning');
});

test('pure folders import pure ones alone, and values flow down the table', () => {
  assert.ok(imports.length > 1000, 'imports are found');
  for (const { file, from, to, isType } of imports) {
    if (!isPure(from)) continue;
    assert.ok(isPure(to), `${file} imports ${to}`);
    if (!isType) assert.ok((rank.get(to) ?? 0) <= (rank.get(from) ?? 0), `${file} imports ${to}, which comes after it`);
  }
});

test('adapters import no adapters and no roots', () => {
  for (const { file, from, to } of imports) {
    if (kindOf.get(from) === 'adapter') assert.ok(to === from || isPure(to), `${file} imports ${to}`);
  }
});

test('the pure folders draw no random numbers', () => {
  for (const file of files) {
    if (!isPure(file.split('/')[0] ?? '')) continue;
    assert.doesNotMatch(readFileSync(join(src, file), 'utf8'), /Math\.random|import\(|\bnew Date\b/, file);
  }
});
