import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../../src/config/schema.ts';
import { Records } from '../../src/daemon/records/records.ts';
import { Troubles } from '../../src/daemon/troubles.ts';
import { WordMatcher } from '../../src/parse/word-matcher.ts';
import { systemDraft } from '../../src/record/row/row.ts';
import { Paths } from '../../src/traffic/paths.ts';
import { MAIN } from '../support/built.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { logLine } from '../support/traffic.ts';

const SECONDS = 5;
/** About 4 are measured; a look every 20 ms alone makes 50. */
const WAKES_MAX = 25;

/** How often the threads of a process had nothing to do and went to sleep, proc(5): the same on a slow machine. */
function sleeps(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'latin1');
    return sum + Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
  }, 0);
}

/** V8's isolates beside the main one, as Node.js names their threads. */
function threads(pid: number): number {
  const names = readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8'));
  return names.filter((name) => name.startsWith('WorkerThread')).length;
}

test('an idle daemon sleeps', async (t) => {
  const daemon = new TestDaemon({ config: { mode: 'observe', http: { listen: '127.0.0.1:0' } } });
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  const { pid = 0 } = await daemon.start();
  const [before, sinceMs] = [sleeps(pid), performance.now()];
  await delay(SECONDS * 1000);
  const perSecond = (sleeps(pid) - before) / ((performance.now() - sinceMs) / 1000);
  assert.ok(perSecond < WAKES_MAX, `${perSecond} wake-ups a second`);
  // The traffic thread and the record thread: what little comes is parsed by the one that reads it.
  assert.equal(threads(pid), 2);
  const line = `${logLine(Math.floor(Date.now() / 1000), '192.0.2.1')}\n`;
  appendFileSync(daemon.log, line.repeat(3));
  await until('three lines', () => daemon.status()?.lines_total === 3);
  assert.equal(threads(pid), 2);
  appendFileSync(daemon.log, line.repeat(1000));
  await until('a thousand more', () => daemon.status()?.lines_total === 1003);
  assert.equal(threads(pid), 3);
});

test('files in which nothing is written are looked at every ten seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  const folder = temporaryFolder(t);
  const [database, log, socket] = ['zban.db', 'audit.log', 'sock'].map((name) => join(folder, name));
  const config = configSchema.parse({
    logs: [{ path: log }],
    state: { database },
    audit: { log },
    control: { socket },
  });
  const records = await Records.open({ config, configVersion: '0123456789ab', now: Date.now, log: () => {} });
  t.after(() => records.close());
  const troubles = new Troubles({ log: () => {} });
  records.start(troubles, { take: async () => undefined, judgedBytes: 0 });
  const call = t.mock.method(records.thread, 'call');
  const looks = async (seconds: number) => {
    call.mock.resetCalls();
    for (let second = 0; second < seconds; second++) {
      t.mock.timers.tick(1000);
      await records.thread.ask('look', { damage: undefined });
    }
    // Without those that are asked for here.
    return call.mock.calls.filter(({ arguments: [method] }) => method === 'look').length - seconds;
  };
  await looks(1);
  assert.equal(await looks(20), 2);
  records.trail.append([systemDraft('start', Date.now(), 'something is written')]);
  assert.equal(await looks(1), 1);
});

/** All modules that these of what is built bring, also those that then fail; above each in a chunk stands where it is from. */
function loadedWith(...names: readonly string[]): string {
  const modules = names.flatMap((name) => globSync(`${dirname(MAIN)}/${name}{,-????????}.js`));
  assert.equal(modules.length, names.length);
  const hook = `
    const urls = [];
    require('node:module').registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    Promise.allSettled(${JSON.stringify(modules)}.map((module) => import(module)))
      .then(() => console.log([...urls, ...process.moduleLoadList].join('\\n')));`;
  const loaded = execFileSync(process.execPath, ['-e', hook], { encoding: 'utf8' });
  const chunks = loaded
    .split('\n')
    .filter((url) => url.startsWith('file:') && dirname(fileURLToPath(url)) === dirname(MAIN));
  const origins = chunks.flatMap(
    (url) => readFileSync(fileURLToPath(url), 'utf8').match(/^ *\/\/ (src|node_modules)\/.*/gm) ?? [],
  );
  return `${loaded}${origins.join('\n')}`;
}

test('the daemon loads nothing that it may never need', () => {
  const loaded = loadedWith('command-line', 'run');
  assert.match(loaded, /src\/daemon\/daemon\.ts/);
  const packages = /.*(undici\/undici|\/(yargs|string-width|wrap-ansi|prom-client|client|webhook|zod|yaml)\/).*/;
  assert.equal(packages.exec(loaded)?.[0], undefined);
  assert.equal(/.*src\/(enforce\/(pick|ipset)|control\/request)\.ts/.exec(loaded)?.[0], undefined);
});

test('the traffic thread loads nothing of its pool, and of the settings only their types', () => {
  // Outside a thread it fails for want of a setup, once everything is loaded.
  const loaded = loadedWith('traffic-worker');
  assert.match(loaded, /src\/engine\/engine\.ts/);
  assert.equal(/.*(\/(piscina|zod)\/|src\/settings\/).*/.exec(loaded)?.[0], undefined);
});

test('a start, and the first save, do without the optimizing compilers, whose code would stay in memory', () => {
  const [parser, paths] = ['parse/parser', 'traffic/paths'].map((name) => import.meta.resolve(`../../src/${name}.ts`));
  const load = `import(${JSON.stringify(parser)}).then(() => import(${JSON.stringify(paths)})).then(({ Paths }) => new Paths().snapshot())`;
  const trace = execFileSync(process.execPath, ['--trace-opt', '-e', load], { encoding: 'utf8' });
  // Reading TypeScript takes them, which an installed zban does not.
  const optimized = [...trace.matchAll(/compiling method \S+ <JSFunction (\S+)/g)].map(([, name]) => name);
  const methods = [WordMatcher, Paths].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
  assert.ok(optimized.length > 0);
  assert.equal(
    optimized.find((name) => methods.includes(name ?? '')),
    undefined,
  );
});
