/** No start is blind, with a real process: history learned at the first start, the window kept over later ones. */
import assert from 'node:assert/strict';
import { appendFileSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { engineStateKey, parseEngineState } from '../../src/engine/engine-state.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { TrailReader } from '../../src/record/trail/trail-reader.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { ATTACKER, burst, calm } from '../support/traffic.ts';

interface Row {
  readonly action: string;
  readonly client: string | null;
}

const WINDOW_ALONE = { points: { enabled: false }, min_requests: 100 };

const now = () => Math.floor(Date.now() / 1000);

function make(t: TestContext, config: Readonly<Record<string, unknown>>): TestDaemon {
  const daemon = new TestDaemon({ config });
  t.after(() => daemon.close());
  return daemon;
}

/** A log of the last hour in three files, with a flood in the oldest. */
function writeHistory({ log }: TestDaemon): void {
  const end = now() - 2;
  writeFileSync(`${log}.2.gz`, gzipSync(calm(end - 3600, end - 2400) + burst(end - 2400, 5000)));
  utimesSync(`${log}.2.gz`, end - 2400, end - 2400);
  writeFileSync(`${log}.1`, calm(end - 2399, end - 1200));
  utimesSync(`${log}.1`, end - 1200, end - 1200);
  writeFileSync(log, calm(end - 1199, end));
}

function actions(daemon: TestDaemon): string[] {
  const lines = daemon.zban('audit', '--json').stdout.split('\n');
  return lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as Row).action);
}

test('the first start learns from the log and its rotated, gzipped predecessors, and tells nothing of them', async (t) => {
  const daemon = make(t, { detection: WINDOW_ALONE });
  writeHistory(daemon);
  await daemon.start();
  const status = daemon.status();
  assert.equal(status?.state, 'running');
  assert.equal(status?.lines_total, 0);
  assert.equal(status?.clients, 80, 'those of the last minute are in the window');
  assert.ok(
    (status?.baseline?.site_samples ?? 0) > 1700,
    `30 minutes were learned: ${JSON.stringify(status?.baseline)}`,
  );
  assert.ok(Math.abs((status?.baseline?.site.mean ?? 0) - 4) < 0.1, 'the flood taught nothing');
  assert.deepEqual(actions(daemon), ['start']);
  assert.deepEqual(daemon.json('list'), []);
  await until('it says so', () => daemon.stderr.includes('learned from the history of the logs'));
  appendFileSync(daemon.log, burst(now(), 101));
  await until('the first flood is banned by what was learned', () => daemon.json<Row[]>('list').length === 1);
  assert.equal(daemon.status()?.lines_total, 101);
});

test('no further back than asked for', async (t) => {
  const daemon = make(t, { baseline: { history: '10m' } });
  writeHistory(daemon);
  await daemon.start();
  const samples = daemon.status()?.baseline?.site_samples ?? 0;
  // Files are searched for the time to within 128 KiB.
  assert.ok(samples >= 400 && samples < 1100, `${samples}`);
});

/** One life after the other on the same folder: what one leaves behind is what the next begins with. */
test('without history, over restarts', async (t) => {
  const daemon = make(t, {});
  daemon.configure({
    logs: [{ path: join(daemon.folder, '*.log') }],
    detection: WINDOW_ALONE,
    baseline: { warmup_max_requests: 100, history: '0s' },
  });
  const banned = () => daemon.json<{ ip: string }[]>('list').map(({ ip }) => ip);
  writeHistory(daemon);
  await daemon.start();

  await t.test('a first start warms up', () => {
    assert.equal(daemon.status()?.state, 'warming_up');
  });

  const late = '203.0.113.249';
  appendFileSync(daemon.log, burst(now(), 63));
  await until('they are read', () => daemon.status()?.lines_total === 63);
  await daemon.stop();
  writeFileSync(join(daemon.folder, 'new.log'), burst(now(), 101, late));
  await daemon.start();

  await t.test('what a glob matches and came while zban was down is judged from its beginning', async () => {
    await until('the flood is banned', () => banned().length === 1);
    assert.deepEqual(banned(), [late]);
    assert.equal(daemon.status()?.lines_total, 101, 'and none of before');
  });

  await t.test('requests before and after a restart count together', async () => {
    appendFileSync(daemon.log, burst(now(), 60));
    await until('together they are too many', () => banned().includes(ATTACKER));
  });

  assert.equal(daemon.zban('unban', ATTACKER).status, 0);
  await daemon.stop();
  await daemon.start();

  await t.test('who was unbanned by a person is not banned after a restart for the same requests', async () => {
    appendFileSync(daemon.log, burst(now() + 1, 60));
    await until('they are read', () => daemon.status()?.lines_total === 60);
    assert.deepEqual(banned(), [late]);
    appendFileSync(daemon.log, burst(now() + 1, 60));
    await until('new requests count', () => banned().length === 2);
  });

  const bansTold = () => actions(daemon).filter((action) => action === 'ban').length;
  appendFileSync(daemon.log, burst(now(), 150, '203.0.113.248'));
  await until('the ban', () => bansTold() === 4);
  await daemon.stop('SIGKILL');
  renameSync(daemon.log, `${daemon.log}.1`);
  writeFileSync(daemon.log, burst(now(), 40, '203.0.113.7'));
  await daemon.start();

  await t.test('a restart does not tell again what was told, also when the log was rotated meanwhile', async () => {
    await until('the new lines are read', () => daemon.status()?.lines_total === 40);
    assert.equal(bansTold(), 4);
    assert.equal(banned().length, 3);
  });
});

test('killed before it has judged a line, it judges at the next start what was written meanwhile', async (t) => {
  const daemon = make(t, {});
  daemon.configure({ detection: WINDOW_ALONE });
  writeHistory(daemon);
  await daemon.start();
  await daemon.stop('SIGKILL');
  appendFileSync(daemon.log, burst(now(), 101));
  await daemon.start();
  await until('the flood is banned', () => daemon.json<Row[]>('list').length === 1);
});

/** The key that the installation of this stopped daemon hashes under, with points as without. */
function keyOf(daemon: TestDaemon): number | undefined {
  const database = openDatabase(daemon.database, { busyTimeoutMs: 1000, readonly: true });
  const bytes = new TrailReader(database).findState(engineStateKey('balanced'));
  database.close();
  assert.ok(bytes);
  const state = parseEngineState(bytes);
  assert.equal(state?.points?.hashKey ?? state?.swarm?.hashKey, state?.swarm?.hashKey);
  return state?.swarm?.hashKey;
}

test('over restarts, a file goes on where it was left, and the key of hashes is kept', async (t) => {
  const daemon = make(t, {});
  writeFileSync(daemon.log, '');
  await daemon.start();
  appendFileSync(daemon.log, calm(now(), now() + 1));
  await until('the lines are read', () => daemon.status()?.lines_total === 4);
  await daemon.stop();
  const key = keyOf(daemon);
  const link = join(daemon.folder, 'link.log');
  symlinkSync(daemon.log, link);

  await t.test('a file goes on where it was left under another path', async () => {
    daemon.configure({ logs: [{ path: link }] });
    appendFileSync(daemon.log, calm(now(), now() + 2));
    await daemon.start();
    await until('the lines since are read', () => daemon.status()?.lines_total === 8);
    await daemon.stop();
    assert.equal(keyOf(daemon), key, 'after a restart');
    daemon.configure({ detection: { points: { enabled: false } } });
    appendFileSync(daemon.log, calm(now(), now() + 1));
    await daemon.start();
    await until('and no line twice', () => daemon.status()?.lines_total === 4);
    await daemon.stop();
  });

  await t.test(
    'each installation hashes what clients send under a key of its own, and keeps it, with and without points',
    async (t) => {
      assert.ok(key);
      assert.equal(keyOf(daemon), key, 'without points');
      await daemon.start();
      await daemon.stop();
      assert.equal(keyOf(daemon), key, 'without points, after a restart');
      const other = make(t, {});
      writeFileSync(other.log, calm(now() - 100, now()));
      await other.start();
      await other.stop();
      assert.notEqual(keyOf(other), key);
    },
  );
});
