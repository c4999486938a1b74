/** scripts/zban on checkouts made for the purpose, with an npm that only links what is installed already. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../support/folder.ts';

const project = join(import.meta.dirname, '../..');
const MAIN = 'console.log(JSON.stringify([process.versions.node, ...process.argv.slice(2)]));\n';
/** What is built, as the script has it. */
const ENTRIES = readFileSync(join(project, 'scripts/setup.sh'), 'utf8').match(/src\S+\.ts/g) ?? [];

interface Checkout {
  readonly root: string;
  /** How often npm was called. */
  installs(): number;
  run(words?: readonly string[], options?: { script?: string; cwd?: string; path?: string }): Promise<Ran>;
  /** Writes a file that is newer than everything else. */
  write(file: string, text: string): void;
}

interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function checkout(t: TestContext): Checkout {
  const folder = temporaryFolder(t);
  const root = join(folder, 'zban');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['scripts', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(project, name), join(root, name), { recursive: true, preserveTimestamps: true });
  for (const file of ENTRIES) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), file === 'src/cli/main.ts' ? MAIN : '');
  }
  const calls = join(folder, 'npm-calls');
  writeFileSync(calls, '');
  const npm = `#!/bin/sh
echo "$@" >>${calls}
echo 'npm talks on standard output'
sleep 0.2
rm -rf node_modules && mkdir node_modules
ln -s ${project}/node_modules/.bin ${project}/node_modules/* node_modules/
`;
  writeFileSync(join(bin, 'npm'), npm, { mode: 0o755 });
  let clock = Date.now() / 1000;
  return {
    root,
    installs: () => readFileSync(calls, 'utf8').split('\n').length - 1,
    run: (
      words = [],
      { script = join(root, 'scripts/zban'), cwd = '/', path = `${bin}:${process.env['PATH']}` } = {},
    ) => execute(script, words, cwd, path),
    write: (file, text) => {
      writeFileSync(join(root, file), text);
      clock += 10;
      utimesSync(join(root, file), clock, clock);
    },
  };
}

function execute(command: string, words: readonly string[], cwd: string, path: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd, env: { PATH: path }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => {
      stdout += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

const said = (ran: Ran) => JSON.parse(ran.stdout) as string[];

test('calls at the same time on a fresh checkout set it up once; only the command speaks on standard output', async (t) => {
  const { run, installs, root } = checkout(t);
  const all = await Promise.all([run(['a b', '--x=1']), run(['2'], { cwd: tmpdir() }), run(['3'], { cwd: root })]);
  for (const ran of all) assert.equal(ran.exitCode, 0, ran.stderr);
  assert.deepEqual(
    all.map((ran) => said(ran).slice(1)),
    [['a b', '--x=1'], ['2'], ['3']],
  );
  assert.match(said(all[0] as Ran)[0] ?? '', /^24\./, 'the pinned runtime, whatever the host has');
  assert.equal(installs(), 1);
  assert.equal(all.filter((ran) => ran.stderr.includes('building')).length, 1);
  const again = await run(['x']);
  assert.equal(again.stderr, '', 'nothing to do, nothing to say');
  assert.equal(installs(), 1);
});

test('it is called through a link, from anywhere', async (t) => {
  const { run, root } = checkout(t);
  const link = join(root, '..', 'link');
  symlinkSync(join(root, 'scripts/zban'), link);
  assert.deepEqual(said(await run(['x'], { script: link, cwd: tmpdir() })).slice(1), ['x']);
});

test('a changed source is built, a removed one leaves nothing behind', async (t) => {
  const { run, write, root, installs } = checkout(t);
  write('src/cli/later.ts', 'console.log(JSON.stringify([import.meta.url]));\n');
  write('src/cli/page.js', 'alert(1);\n');
  write('src/cli/main.ts', "await import('./later.ts');\n");
  const [chunk = ''] = said(await run());
  assert.match(chunk, /\/dist\/later-\w+\.js$/, 'what is imported later is a file of its own');
  assert.ok(existsSync(join(root, 'dist/page.js')), 'what is not TypeScript comes along');
  rmSync(join(root, 'src/cli/later.ts'));
  write('src/cli/main.ts', 'console.log(JSON.stringify(["new"]));\n');
  assert.deepEqual(said(await run()), ['new']);
  assert.ok(!existsSync(new URL(chunk)));
  assert.equal(installs(), 1, 'packages have nothing to do with it');
});

test('what stays in node_modules is installed, and is whatever is imported later', () => {
  const external = [...readFileSync(join(project, 'scripts/setup.sh'), 'utf8').matchAll(/--external:(\S+)/g)].map(
    ([, name]) => name,
  );
  const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  assert.deepEqual(external.sort(), Object.keys(dependencies).sort());
  const later = globSync(join(project, 'src/**/*.ts')).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/[^.\w]import\('([^.][^']*)'\)/g)].map(([, name]) => name),
  );
  assert.ok(later.length > 0);
  for (const name of later) assert.ok(external.includes(name), `import('${name}')`);
});

test('a build that fails says so on standard error and leaves the last good one', async (t) => {
  const { run, write, root } = checkout(t);
  await run();
  write('src/cli/main.ts', 'const n = ;\n');
  const failed = await run();
  assert.equal(failed.exitCode, 1);
  assert.equal(failed.stdout, '');
  assert.match(failed.stderr, /src\/cli\/main\.ts:1:10/);
  assert.deepEqual(
    await execute(join(root, 'scripts/launch'), ['x'], '/', '/usr/bin:/bin').then((ran) => said(ran).slice(1)),
    ['x'],
  );
  write('src/cli/main.ts', MAIN);
  assert.equal((await run()).exitCode, 0);
});

test('a changed lockfile installs anew, one that was only touched does not', async (t) => {
  const { run, write, root, installs } = checkout(t);
  await run();
  const lockfile = readFileSync(join(root, 'package-lock.json'), 'utf8');
  write('package-lock.json', lockfile);
  assert.equal((await run()).exitCode, 0);
  assert.equal(installs(), 1);
  write('package-lock.json', `${lockfile}\n`);
  assert.equal((await run()).exitCode, 0);
  assert.equal(installs(), 2);
});

test('without npm it says what to install', async (t) => {
  const { run, root } = checkout(t);
  const bin = join(root, '..', 'few');
  mkdirSync(bin);
  for (const tool of ['bash', 'env', 'readlink', 'find', 'flock', 'cmp', 'cp', 'rm', 'mkdir']) {
    const from = ['/usr/bin', '/bin'].map((place) => join(place, tool)).find((file) => existsSync(file));
    symlinkSync(from ?? tool, join(bin, tool));
  }
  const { exitCode, stderr } = await run([], { path: bin });
  assert.equal(exitCode, 1);
  assert.match(stderr, /npm is needed to set up: install Node\.js and npm/);
});

test('as root it is the owner of the checkout who runs npm and the build', {
  skip: process.getuid?.() === 0 ? false : 'needs root to be somebody else than the owner',
}, async (t) => {
  const { root, run } = checkout(t);
  const owner = 65534;
  const bin = join(root, '..', 'bin');
  // Stand-ins, because the owner may not be allowed to read this project.
  const npm = `#!/bin/sh
mkdir -p node_modules/.bin
printf '#!/bin/sh\\necho "runs as $(id -u)"\\n' >node_modules/.bin/node
printf '#!/bin/sh\\necho built >.setup/dist/zban.js\\n' >node_modules/.bin/esbuild
chmod +x node_modules/.bin/*
mkdir -p "$HOME/.npm"
`;
  writeFileSync(join(bin, 'npm'), npm, { mode: 0o755 });
  execFileSync('chmod', ['755', join(root, '..')]);
  execFileSync('chown', ['-R', `${owner}:${owner}`, root]);
  const ran = await run();
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.equal(ran.stdout, 'runs as 0\n', 'the command itself runs as its caller');
  for (const path of ['node_modules/.bin/esbuild', 'node_modules/.installed', 'dist/zban.js', '.setup/.npm'])
    assert.equal(statSync(join(root, path)).uid, owner, path);
});

test('what an earlier sudo left behind is named with the command that gives it back', {
  skip: process.getuid?.() === 0 ? false : 'needs root to be somebody else than the owner',
}, async (t) => {
  const { root, run } = checkout(t);
  execFileSync('chmod', ['755', join(root, '..')]);
  execFileSync('chown', ['-R', '65534:65534', root]);
  mkdirSync(join(root, 'node_modules'));
  const { exitCode, stderr } = await run();
  assert.equal(exitCode, 1);
  assert.match(stderr, /cannot write \S+\/node_modules, and it has to be built: sudo chown -R nobody: \S+\/zban$/m);
});
