/**
 * Runs every test file, the longest first, so that none is left to run alone at the end; `node --test` sorts them by name
 * and leaves a core free. On two cores that is one file at a time, though most of the long ones wait for something.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** A test that hangs fails instead of holding up the rest. */
const TIMEOUT_MS = 900_000;

/** As measured one by one; any order is right, this one is quick. */
const LONGEST = [
  'e2e/crash-steps',
  'trials/trials',
  'systemd/service',
  'systemd/install',
  'systemd/hardening',
  'quality/site',
  'e2e/crash',
  'enforce/contract',
  'e2e/nginx-networks',
  'e2e/nginx-ban',
  'e2e/nginx-release',
  'quality/quality',
  'quality/poisoning',
  'e2e/replay',
  'e2e/panic',
  'enforce/kernel',
  'e2e/coexistence',
  'e2e/nginx-observe',
  'e2e/hold',
  'e2e/explain',
  'enforce/paths',
  'http/browser',
  'cli/tune',
  'support/nginx',
  'install/run',
].map((name) => `${name}.test.ts`);

const folder = import.meta.dirname;
const files = globSync('**/*.test.ts', { cwd: folder });
const missing = LONGEST.filter((file) => !files.includes(file));
if (missing.length > 0) throw new Error(`${relative('', import.meta.filename)} names ${missing}, which are gone`);

const rest = files.filter((file) => !LONGEST.includes(file)).sort();
const results = run({
  files: [...LONGEST, ...rest].map((file) => `${folder}/${file}`),
  concurrency: Math.max(2, availableParallelism()),
  timeout: TIMEOUT_MS,
  execArgv: ['--import', `${folder}/support/leaks.ts`],
});
results.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
results.compose(spec).pipe(process.stdout);
