/** A real daemon over reloads, and with configurations that cannot be read: nothing fails in between, and what was good stays in force. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { callDaemon } from '../../src/control/client.ts';
import { MAIN } from '../support/built.ts';
import { TestDaemon, until } from '../support/daemon.ts';

/** What takes the place of a configuration and keeps whoever reads it waiting. */
function block(path: string): void {
  rmSync(path);
  execFileSync('mkfifo', [path]);
}

/** What the kernel says of a thread or a process that may have ended by now: then nothing. */
function readWhatRuns(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The process that reads the configuration for the daemon, once it is there. */
function findReader(daemon: TestDaemon): Promise<number> {
  return until('a process reads the configuration', () => {
    const lists = globSync(`/proc/${daemon.child?.pid}/task/*/children`).map(readWhatRuns);
    const pids = lists.flatMap((list) => list.split(' ').filter(Boolean));
    const reader = pids.find((pid) => readWhatRuns(`/proc/${pid}/cmdline`).includes('config-process'));
    return reader !== undefined && Number(reader);
  });
}

/** The end to write to, of a pipe that somebody has opened to read. */
function openReadPipe(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    return undefined;
  }
}

/** Runs zban with a configuration that is read for ever: TestDaemon's own commands would wait for it, too. */
function startBlocked(t: TestContext): { daemon: TestDaemon; good: string; ended: Promise<string> } {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  const good = readFileSync(daemon.configPath, 'utf8');
  block(daemon.configPath);
  const child = spawn(process.execPath, [MAIN, 'run', '--config', daemon.configPath], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  daemon.child = child;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    daemon.stderr += text;
  });
  return { daemon, good, ended: once(child, 'close').then(([code]) => `${code}: ${daemon.stderr}`) };
}

/** Whether the page says that the daemon is alive. */
async function isAlive(url: string): Promise<boolean> {
  const [response] = (await once(get(`${url}healthz`, { agent: false }), 'response')) as [IncomingMessage];
  return response.resume().statusCode === 200;
}

test('nothing that asks fails in a reload; a configuration that cannot be read leaves the old one in force', async (t) => {
  const http = { listen: '127.0.0.1:0' };
  const daemon = new TestDaemon({ config: { http } });
  t.after(() => daemon.close());
  await daemon.start();
  const pages = () => [...daemon.stderr.matchAll(/dashboard on (http:[^"]+)/g)].map(([, url = '']) => url);
  const socket = join(daemon.folder, 'zban.sock');
  const before = await callDaemon(socket, 'status');
  daemon.configure({ mode: 'observe', http });
  daemon.child?.kill('SIGHUP');
  const seen = [before];
  const [page = ''] = pages();
  while (seen.at(-1)?.mode !== 'observe') {
    assert.equal(await isAlive(page), true);
    seen.push(await callDaemon(socket, 'status'));
    await setImmediate();
  }
  const versions = new Set(seen.map(({ config_version }) => config_version));
  assert.equal(versions.size, 2, 'the old one until the new one is in force');

  // A panic makes a new instance as well; and a socket in another place is taken up.
  assert.equal((await callDaemon(socket, 'panic', { end: false, reason: '', operator: 'ann' })).ok, true);
  await until('the panic stands', async () => (await callDaemon(socket, 'status')).panic !== null);
  assert.deepEqual([await isAlive(page), pages()], [true, [page]], 'it never listened anew');
  const moved = join(daemon.folder, 'moved.sock');
  daemon.configure({ control: { socket: moved } });
  daemon.child?.kill('SIGHUP');
  await until('it has moved', () => existsSync(moved) && !existsSync(socket));
  assert.equal((await callDaemon(moved, 'status')).mode, 'observe');
  await until('the page is off', async () => !(await isAlive(page).catch(() => false)));
  await refuseUnreadable(daemon);
});

/** What cannot be read at a reload leaves the old configuration in force, and is reported. */
async function refuseUnreadable(daemon: TestDaemon): Promise<void> {
  const { configPath } = daemon;
  const good = readFileSync(configPath, 'utf8');
  const before = daemon.status()?.config_version;
  const refused = () => daemon.stderr.split('\n').filter((line) => /reload refused/.test(line));
  const cases: [string, () => void, RegExp][] = [
    ['broken YAML', () => writeFileSync(configPath, 'mode: [enforce\nlogs: x'), /config\.yaml:2:1: not YAML/],
    ['no file', () => rmSync(configPath), /config\.yaml: there is no such file/],
    ['a folder', () => mkdirSync(configPath), /config\.yaml: is a directory/],
  ];
  for (const [what, spoil, words] of cases) {
    const count = refused().length;
    spoil();
    daemon.child?.kill('SIGHUP');
    await until(what, () => refused().length > count);
    assert.match(refused().at(-1) ?? '', words);
  }
  rmdirSync(configPath);
  writeFileSync(configPath, good);
  const rows = () => daemon.zban('audit').stdout;
  for (const [, , words] of cases)
    await until('its row', () => new RegExp(`RELOAD: refused: .*${words.source}`).test(rows()));
  assert.equal(daemon.status()?.config_version, before);
  const troubles = () => daemon.status()?.troubles ?? [];
  const told = () => rows().match(/TROUBLE: the changed configuration is refused/g) ?? [];
  assert.match(
    troubles().join(),
    /the changed configuration is refused and the old one stays in force: .*config\.yaml: is a directory .*; zban check shows what to correct; then: systemctl reload zban$/,
  );
  daemon.zban('panic', '--end');
  assert.deepEqual([troubles().length, told().length], [1, 1], 'a new instance with the old one has it as well');
  daemon.child?.kill('SIGHUP');
  await until('it is over', () => /over: the changed configuration is refused/.test(daemon.stderr));
  assert.deepEqual(troubles(), []);

  block(configPath);
  const refusals = refused().length;
  daemon.child?.kill('SIGHUP');
  const reader = await findReader(daemon);
  // As `systemctl kill` does, to every process of the service.
  process.kill(reader, 'SIGHUP');
  const next = await until('it is read again', async () => (await findReader(daemon)) !== reader && findReader(daemon));
  assert.equal(refused().length, refusals);
  process.kill(next, 'SIGKILL');
  await until('the refusal', () =>
    /was not read: the process that reads it was ended by SIGKILL/.test(refused().at(-1) ?? ''),
  );
  daemon.child?.kill('SIGHUP');
  await findReader(daemon);
  assert.equal(await daemon.stop(), 0, 'a stop does not wait for a configuration that is read');
  rmSync(configPath);
  writeFileSync(configPath, good);
  assert.match(rows(), /system STOP: bans in force stay in the kernel\n$/);
}

test('a configuration that cannot be read at a start ends with what is wrong and the exit code that tells why', async (t) => {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  rmSync(daemon.configPath);
  await assert.rejects(daemon.start(), /ended with 78: .*config\.yaml: there is no such file/);

  const blocked = startBlocked(t);
  process.kill(await findReader(blocked.daemon), 'SIGKILL');
  // Not 78: systemd tries again.
  const message = await blocked.ended;
  assert.match(message, /^1: zban: .*config\.yaml was not read: .* ended by SIGKILL; try again\n$/);
  assert.doesNotMatch(message, /\n.*\n/, 'no stack');
});

test('signals that come while the configuration is read are obeyed: a stop at once, a reload after the start', async (t) => {
  const stopped = startBlocked(t);
  const reader = await findReader(stopped.daemon);
  assert.equal(await stopped.daemon.stop(), 0);
  await until('the process that read has ended', () => !existsSync(`/proc/${reader}`));
  assert.equal(await stopped.ended, '0: ');

  const { daemon, good } = startBlocked(t);
  const pipe = await until('it is being read', () => openReadPipe(daemon.configPath));
  daemon.child?.kill('SIGHUP');
  rmSync(daemon.configPath);
  daemon.configure({ mode: 'observe' });
  writeSync(pipe, good);
  closeSync(pipe);
  const begun = () => daemon.zban('audit').stdout.match(/(?<=system )\w+: zban \S+ \w+(?= mode)/g) ?? [];
  const modes = () =>
    begun()
      .map((text) => text.replace(/zban \S+ /, ''))
      .join();
  await until('the reload', () => modes() === 'START: enforce,RELOAD: observe');
});
