import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { runSimulate, SimulateOptionError } from '../../src/simulate/command.ts';
import { temporaryFolder } from '../support/folder.ts';
import { until } from '../support/until.ts';
import { type LogLine, requests, text } from './day.ts';

const folder = temporaryFolder();

/** The whole lines of a log that may still be growing, and none when it is not there. */
function lines(path: string): LogLine[] {
  if (!existsSync(path)) return [];
  const whole = readFileSync(path, 'utf8');
  return whole
    .slice(0, whole.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
}

describe('a finished log', () => {
  test('holds exactly the simulated requests, plain and gzipped', async () => {
    const plain = join(folder, 'plain.log');
    const options = { startMs: Date.UTC(2026, 0, 5, 12), durationMs: 600_000, seed: 7, attacks: 'scanner' };
    await runSimulate({ ...options, out: plain });
    await runSimulate({ ...options, out: `${plain}.gz` });
    const wanted = text(requests({ durationMs: 600_000, attack: 'scanner' }));
    assert.equal(readFileSync(plain, 'utf8'), wanted);
    assert.equal(gunzipSync(readFileSync(`${plain}.gz`)).toString('utf8'), wanted);
  });

  test('writes labels and reports how much it wrote', async () => {
    const out = join(folder, 'labelled.log');
    const labels = join(folder, 'labelled.labels.json');
    const said: string[] = [];
    await runSimulate({ out, labels, durationMs: 600_000, attacks: 'flood', say: (message) => said.push(message) });
    const parsed = JSON.parse(readFileSync(labels, 'utf8')) as {
      stats: { lines: number };
      attackers: { tier: string }[];
    };
    assert.equal(parsed.stats.lines, lines(out).length);
    assert.deepEqual(
      parsed.attackers.map(({ tier }) => tier),
      ['loud'],
    );
    assert.equal(said.at(-1), `wrote ${parsed.stats.lines} lines, ${statSync(out).size} bytes, to ${out}`);
  });

  test('is refused with a reason when the options make no sense or the file cannot be written', async () => {
    await assert.rejects(runSimulate({ out: join(folder, 'x'), attacks: 'flod' }), SimulateOptionError);
    await assert.rejects(runSimulate({ out: join(folder, 'x'), rateRps: 0 }), /rate must be more than 0/);
    await assert.rejects(runSimulate({ out: join(folder, 'x.gz'), live: true }), /cannot be gzipped/);
    await assert.rejects(runSimulate({ out: join(folder, 'none', 'x'), durationMs: 60_000 }), { code: 'ENOENT' });
  });
});

describe('a live log', () => {
  test('gets its backlog at once, then lines dated now, also after a rotation, until it is stopped', async () => {
    const out = join(folder, 'live.log');
    const stop = new AbortController();
    const startMs = Date.now();
    const running = runSimulate({
      out,
      live: true,
      backlogMs: 120_000,
      rateRps: 50,
      attacks: 'none',
      signal: stop.signal,
    });
    await until('a backlog', () => lines(out).length > 500);
    const first = lines(out)[0];
    assert.ok(Number(first?.timestamp) * 1000 < startMs - 60_000);
    await until('a live line', () => Number(lines(out).at(-1)?.timestamp) * 1000 > startMs);
    renameSync(out, `${out}.1`);
    await until('a new file', () => lines(out).length > 0);
    stop.abort();
    await running;
    const all = [...lines(`${out}.1`), ...lines(out)].map((line) => Number(line.timestamp));
    assert.deepEqual(
      all,
      all.toSorted((left, right) => left - right),
    );
    assert.ok((all.at(-1) ?? 0) * 1000 <= Date.now(), 'no line from the future');
  });

  test('is attacked within half a minute of its clock', async () => {
    const out = join(folder, 'attacked.log');
    const stop = new AbortController();
    let nowMs = Date.UTC(2026, 0, 5, 12);
    const now = (): number => (nowMs += 1000);
    const running = runSimulate({ out, live: true, backlogMs: 60_000, attacks: 'flood', now, signal: stop.signal });
    const isFlooded = (): boolean => lines(out).filter((line) => line.source_ip.startsWith('203.0.113.')).length > 1000;
    await until('a flood', isFlooded);
    stop.abort();
    await running;
    const flood = lines(out).filter((line) => line.source_ip.startsWith('203.0.113.'));
    const startS = Number(flood[0]?.timestamp) - Date.UTC(2026, 0, 5, 12) / 1000;
    assert.ok(startS > 9 && startS < 25, `began after ${startS} s`);
  });
});
