/** The walls that ARCHITECTURE.md draws: its table of folders against the tree and what its files import. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');

const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
const table = (row: RegExp) =>
  [...architecture.matchAll(row)].map(({ groups: { name = '', kind = '', purpose = '' } = {} }) => ({
    name,
    kind,
    purpose,
  }));
const folders = table(/^\| `(?<name>\w+)` \| (?<kind>vocabulary|core|adapter|root) \| (?<purpose>.+) \|$/gm);
/** The rooms within folders: `record/trail`. */
const rooms = table(/^\| `(?<name>\w+\/[\w/-]+)` \| (?<purpose>.+) \|$/gm);
const rank = new Map([...folders, ...rooms].map(({ name }, index) => [name, index]));
const kindOf = new Map(folders.map(({ name, kind }) => [name, kind]));
const isPure = (folder: string) => ['vocabulary', 'core'].includes(kindOf.get(folder) ?? '');

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The imported file. */
  readonly path: string;
  /** The rooms of both ends, undefined for what is directly in the folder. */
  readonly fromRoom: string | undefined;
  readonly toRoom: string | undefined;
  readonly isType: boolean;
}

const folderOf = (file: string) => file.split('/')[0] ?? '';
const roomOf = (file: string) => (dirname(file).includes('/') ? dirname(file) : undefined);

const files = globSync('**/*.{ts,js}', { cwd: src }).sort();
const IMPORT = /^(?:import|export)( type)? [^;]*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gms;
const imports: Import[] = files.flatMap((file) =>
  [...readFileSync(join(src, file), 'utf8').matchAll(IMPORT)].map(([, type, fixed, late]) => {
    const target = relative(src, join(src, dirname(file), fixed ?? late ?? ''));
    const [from, to] = [folderOf(file), folderOf(target)];
    return { file, from, to, path: target, fromRoom: roomOf(file), toRoom: roomOf(target), isType: type !== undefined };
  }),
);

test('every folder is in the table with its purpose in one sentence, and nothing else is', () => {
  const entries = readdirSync(src, { withFileTypes: true });
  assert.deepEqual(
    entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
    [],
    'files belong to a folder',
  );
  assert.deepEqual(folders.map(({ name }) => name).sort(), entries.map(({ name }) => name).sort());
  const nested = new Set(files.map(roomOf).filter((room) => room !== undefined));
  assert.deepEqual(rooms.map(({ name }) => name).sort(), [...nested].sort());
  for (const { name, purpose } of [...folders, ...rooms]) assert.doesNotMatch(purpose, /\. /, name);
});

test('no file of src and test has more than 300 lines', () => {
  const all = globSync(['src/**/*.{ts,js}', 'test/**/*.ts'], { cwd: root });
  const long = all.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length - 1 > 300);
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

test('within a folder, values flow down the table of its rooms', () => {
  const between = imports.filter(({ from, to, fromRoom, toRoom }) => from === to && fromRoom !== toRoom);
  assert.ok(between.length > 100, 'imports between rooms are found');
  for (const { file, fromRoom, toRoom, isType } of between) {
    if (isType || fromRoom === undefined || toRoom === undefined) continue;
    assert.ok((rank.get(toRoom) ?? 0) < (rank.get(fromRoom) ?? 0), `${file} imports ${toRoom}, which comes after it`);
  }
});

test('adapters import no adapters and no roots', () => {
  for (const { file, from, to } of imports) {
    if (kindOf.get(from) === 'adapter') assert.ok(to === from || isPure(to), `${file} imports ${to}`);
  }
});

/** Where text becomes JSON without a shape to hold it against, and why. */
const JSON_READERS = new Map([
  ['model/shape.ts', 'with a shape'],
  ['cli/ban-list/json.ts', 'a person is told what is wrong with their list; the value is unknown'],
  ['engine/packed-state.ts', 'behind a checksum'],
  ['http/dashboard/main.js', 'in the browser, from the page itself'],
]);

test('text becomes a typed value by a shape, and not by a cast', () => {
  const isReader = (file: string) => /\bJSON\.parse\(/.test(readFileSync(join(src, file), 'utf8'));
  assert.deepEqual(files.filter(isReader), [...JSON_READERS.keys()].sort());
  for (const file of files)
    assert.doesNotMatch(readFileSync(join(src, file), 'utf8'), /\bJSON\.parse\(.*\) as |\bparseJson\(.*\) as /, file);
});

/** Where a value is taken for more than what is looked at, and why. */
const HALF_CHECKED = new Map([
  ['daemon/reports/incidents.ts', 'a message in which something is missing is told as one that cannot be shown'],
  ['record/outbox/outbox-store.ts', 'the same: another version may have written it'],
]);

test('a shape checks all that it says', () => {
  const isHalf = (file: string) => /\): \w+ is [^=]*=> \w+\(value\)[,;)]/.test(readFileSync(join(src, file), 'utf8'));
  assert.deepEqual(files.filter(isHalf), [...HALF_CHECKED.keys()].sort());
});

test('an answer from outside is held against its shape, and not cast', () => {
  // Its own thread, of the same version.
  for (const file of files)
    if (file !== 'record/thread/record-thread.ts')
      assert.doesNotMatch(readFileSync(join(src, file), 'utf8'), /\(await .*\) as /, file);
});

test('what the audit trail stores has types, down to the evidence', () => {
  for (const file of ['model/audit.ts', 'english/reason.ts', 'english/site-reason.ts', 'english/activity.ts'])
    assert.doesNotMatch(readFileSync(join(src, file), 'utf8'), /\bunknown\b/, file);
});

test('the pure folders draw no random numbers', () => {
  for (const file of files) {
    if (!isPure(file.split('/')[0] ?? '')) continue;
    assert.doesNotMatch(readFileSync(join(src, file), 'utf8'), /Math\.random|import\(|\bnew Date\b/, file);
  }
});

/** What people and tools are told, which is made of what the core finds (src/workers/tell-event.ts). */
const TOLD = /^(?:english\/|model\/(?:told-event|live-lane|status|notification)\.ts$)/;

/** A line of the log, and the engine's own state. */
const JSON_IN_CORE = new Set(['parse/record.ts', 'engine/packed-state.ts']);

test('the core has no words for people, and no names of JSON', () => {
  for (const { file, path, from } of imports)
    if (kindOf.get(from) === 'core') assert.doesNotMatch(path, TOLD, `${file} imports ${path}`);
  for (const file of files) {
    if (kindOf.get(folderOf(file)) !== 'core') continue;
    const text = readFileSync(join(src, file), 'utf8');
    if (!JSON_IN_CORE.has(file)) assert.doesNotMatch(text, /\bJSON\.\w+\(|\bparseJson\(/, file);
    // What a rule is called stands beside the rule (docs/extending.md), and errors are for engineers.
    const lines = text.split('\n');
    const code = lines
      .filter((line) => !/^\s*(?:\/?\*|\/\/|phrase: |counted: )|Error\(|\.split\(/.test(line))
      .join('\n');
    const texts = code.replace(/ \/\/ .*$/gm, '').match(/'[^'\n]*'|`[^`]*`/g) ?? [];
    const sentences = texts.filter((text) => /\b[a-z]+ [a-z]+ [a-z]+\b/.test(text));
    assert.deepEqual(sentences, [], file);
  }
});

test("the linter's rules for pure folders, and for the core, are for all of them", () => {
  const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  const globs = overrides.flatMap(({ includes }: { includes: string[] }) => includes);
  const globOf = (isMeant: (name: string) => boolean) => {
    const meant = folders.filter(({ name }) => isMeant(name)).map(({ name }) => name);
    return `src/{${meant.join(',')}}/**`;
  };
  for (const glob of [globOf(isPure), globOf((name) => kindOf.get(name) === 'core')])
    assert.ok(globs.includes(glob), `biome.json: ${glob}`);
});

test('what ARCHITECTURE.md and docs/decisions.md point at is there', () => {
  const decisions = readFileSync(join(root, 'docs/decisions.md'), 'utf8');
  const paths = [...`${architecture}${decisions}`.matchAll(/\b(?:src|test|docs|scripts)\/[\w./-]*\w/g)].map(
    ([path]) => path,
  );
  assert.ok(paths.length > 30, 'paths are found');
  assert.deepEqual(
    paths.filter((path) => !existsSync(join(root, path))),
    [],
  );
});

test('tests draw nothing anew but names and ports, so that what passed today passes tomorrow', () => {
  const allowed = new Set(['architecture.test.ts', 'support/fast-check.ts', 'support/ports.ts']);
  for (const file of globSync('**/*.ts', { cwd: import.meta.dirname, exclude: ['bench/**'] })) {
    if (allowed.has(file)) continue;
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    assert.doesNotMatch(
      text,
      /Math\.random|randomInt|randomFill|from 'fast-check'|seed: Date/,
      `${file}: see support/fast-check.ts`,
    );
  }
});
