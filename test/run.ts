/**
 * Runs the test files that are named, by default every one, the longest first, so that none is left to run alone at the end;
 * `node --test` sorts them by name and leaves a core free. Most of the long ones wait for something now and then: two more than
 * there are cores keep these busy (on two cores a seventh less time than with one more). Fails when a test fails, or a file does not come to its end with at least one test.
 */
import { existsSync, globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { stripTypes } from './support/strip-types.ts';

/** A test that hangs fails instead of holding up the rest. */
const TIMEOUT_MS = 900_000;
/** Room for young objects: judging simulated logs takes a seventh less than with the 16 MiB of Node.js. */
const YOUNG_MIB = 64;
/** So many are named at the end: what to make quicker, or to put into LONGEST. */
const SLOWEST = 30;

/** As measured one by one; any order is right, this one is quick. */
const LONGEST = [
  'trials/trials',
  'e2e/crash-steps',
  'systemd/service',
  'systemd/install',
  'systemd/hardening',
  'enforce/contract',
  'e2e/bad-disk',
  'e2e/bad-input',
  'e2e/replay',
  'quality/site',
  'quality/quality',
  'daemon/warm-start',
  'e2e/crash',
  'quality/poisoning',
  'trials/swarms/swarms',
  'e2e/nginx-ban',
  'e2e/lost-database',
  'doctor/printed-commands',
  'workers/pipeline',
  'http/browser',
  'e2e/nginx-release',
  'e2e/hold',
  'e2e/nginx-networks',
  'cli/tune',
  'engine/site',
  'engine/chunking',
  'fleet/failures',
  'docs/extending',
  'install/launch',
  'e2e/overlap',
  'e2e/panic',
  'e2e/lanes',
  'e2e/bad-host',
  'doctor/doctor',
  'daemon/clocks',
  'fleet/bans',
  'e2e/coexistence',
  'enforce/kernel',
  'cli/top',
  'daemon/channels',
  'http/screenshots',
  'e2e/nginx-observe',
  'daemon/incidents',
  'enforce/paths',
  'simulate/simulate',
  'swarm/under-way',
  'support/nginx',
  'install/run',
].map((name) => `${name}.test.ts`);

const folder = import.meta.dirname;
const all = globSync('**/*.test.ts', { cwd: folder });
const missing = LONGEST.filter((file) => !all.includes(file));
if (missing.length > 0) throw new Error(`${relative('', import.meta.filename)} names ${missing}, which are gone`);

const rest = all.filter((file) => !LONGEST.includes(file)).sort();
const [, , ...named] = process.argv;
const files =
  named.length > 0 ? named.map((file) => resolve(file)) : [...LONGEST, ...rest].map((file) => `${folder}/${file}`);
const absent = files.filter((file) => !existsSync(file));
if (absent.length > 0) {
  console.error(`test/run.ts: no such file: ${absent.join(', ')}`);
  process.exit(2);
}

// Until the last word has been said, whatever ends this process.
process.exitCode = 1;
if (process.env['NODE_COMPILE_CACHE']) await stripTypes(files);
let failures = 0;
/** Seconds of each file that came to its end with a test; Node.js passes one that exits in the middle, or holds no test. */
const ended = new Map<string, number>();
const skipped = new Map<string, number>();
const results = run({
  files,
  concurrency: availableParallelism() + 2,
  timeout: TIMEOUT_MS,
  execArgv: [`--max-semi-space-size=${YOUNG_MIB}`, '--import', `${folder}/support/leaks.ts`],
});
results.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) failures++;
});
results.on('test:summary', ({ file, counts, duration_ms: ms }) => {
  if (file !== undefined && counts.topLevel > 0) ended.set(file, ms / 1000);
});
results.on('test:pass', ({ skip }) => {
  if (skip !== undefined && skip !== false) skipped.set(String(skip), (skipped.get(String(skip)) ?? 0) + 1);
});
results.on('end', () => {
  const name = (file: string) => relative('', file);
  const lost = files.filter((file) => !ended.has(file));
  for (const file of lost) console.error(`test/run.ts: FAILED: ${name(file)} did not come to its end with a test`);
  for (const [why, times] of skipped) console.error(`test/run.ts: SKIPPED ${times} times: ${why}`);
  const slowest = [...ended].sort(([, one], [, other]) => other - one).slice(0, named.length > 0 ? 0 : SLOWEST);
  for (const [file, seconds] of slowest) console.error(`${seconds.toFixed(1).padStart(7)} s  ${name(file)}`);
  process.exitCode = failures + lost.length > 0 ? 1 : 0;
});
results.compose(spec).pipe(process.stdout);
