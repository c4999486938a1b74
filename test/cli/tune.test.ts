import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { logLine, START, visitorIp } from '../support/traffic.ts';
import { place, runZban } from './run-zban.ts';

const HOUR = 3600;
/** Of the log: more than a day, which is the least that advice is given for. */
const HOURS = 26;
/** Hours at which a scanner comes, each from an address of its own. */
const SCANS = [9, 22];

let folder = '';
let log = '';

/** Visitors, two scanners, and a customer who in the evening meets a few broken links: only `high` would ban it. */
function writeLog(): string {
  const lines: { second: number; text: string }[] = [];
  const ask = (at: number, ip: string, path: string, status = 200) =>
    lines.push({ second: START + at, text: logLine(START + at, ip, path, status) });
  for (let at = 0; at < HOURS * HOUR; at += 60) ask(at, visitorIp((at / 60) % 60), `/page/${(at / 60) % 7}`);
  for (const [scan, hour] of SCANS.entries())
    for (let n = 0; n < 40; n++) ask(hour * HOUR + n, `203.0.113.${230 + scan}`, `/scan/${n}.php`, 404);
  for (let hour = 11; hour < 17; hour++) ask(hour * HOUR, '198.51.100.201', '/page/1');
  for (let n = 0; n < 10; n++) ask(20 * HOUR + n, '198.51.100.201', `/lost/${n}`, 404);
  lines.sort((a, b) => a.second - b.second);
  return `${lines.map(({ text }) => text).join('\n')}\n`;
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'zban-tune-'));
  log = join(folder, 'access.log');
  writeFileSync(log, writeLog());
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('tune --json: every step with its numbers, and a recommendation with the line for config.yaml', async (t) => {
  const { config } = place(t, 'sensitivity: high');
  const { stdout, stderr, exitCode } = await runZban(['tune', log, '--json', '--config', config]);
  assert.equal(exitCode, 0, stderr);
  const result = JSON.parse(stdout);
  assert.equal(result.lines, writeLog().trim().split('\n').length);
  const days = HOURS / 24;
  assert.ok(result.days > days - 0.1 && result.days <= days);
  const { settings, recommendation } = result;
  const bySensitivity = (name: unknown) =>
    settings.find((step: { sensitivity: unknown }) => step.sensitivity === name) ?? assert.fail(`${name}`);
  assert.deepEqual(
    settings.map((step: { sensitivity: unknown }) => step.sensitivity),
    [0.5, 'low', 0.8, 'normal', 1.25, 'high', 2],
  );
  assert.equal(bySensitivity('normal').clients_banned, SCANS.length, 'the scanners');
  assert.equal(bySensitivity('normal').known_clients_banned, 0);
  assert.equal(bySensitivity('high').clients_banned, SCANS.length + 1, 'the customer as well');
  assert.equal(bySensitivity('high').known_clients_banned, 1);
  assert.deepEqual(
    settings.map((step: { in_force: boolean }) => step.in_force),
    [false, false, false, false, false, true, false],
  );
  for (const [index, step] of settings.entries()) {
    assert.ok(Math.abs(step.bans_per_day - step.bans / result.days) < 1e-9);
    assert.ok(index === 0 || step.bans >= settings[index - 1].bans);
    assert.ok(step.reaction_fastest_seconds <= step.reaction_median_seconds);
  }
  assert.ok(bySensitivity('high').reaction_median_seconds < bySensitivity('low').reaction_median_seconds);
  assert.equal(recommendation.sensitivity, 'normal');
  assert.equal(recommendation.config, 'sensitivity: normal');
});

test('tune is for people: a table that marks what is in force, advice, and how long it takes on standard error', async (t) => {
  const { config } = place(t);
  const { stdout, stderr, exitCode } = await runZban(['tune', log, '--config', config, '--threads', '1']);
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /^replay 1 of 7, sensitivity 0\.5: \S+, about .+ to go$/m);
  assert.match(stdout, /^2026-01-01 00:00 to 2026-01-02 01:59 UTC \(1d 1h\): [\d,]+ lines of \d+ clients$/m);
  assert.match(stdout, /^ {2}SENSITIVITY +LIMITS +BANS +A DAY +CLIENTS +KNOWN +FASTEST +MEDIAN$/m);
  assert.match(stdout, /^ {2}normal +x 1\.00 +2 +1\.8 +2 +0 +\d+s +\d+s +<- in force$/m);
  assert.match(stdout, /^Recommended: normal, which is in force\. /m);
  assert.match(stdout, /^sensitivity: normal$/m);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
});

test('a short simulated log is told to be too short, and a log without a line has nothing to tell', async (t) => {
  const { config } = place(t);
  const short = join(folder, 'short.log');
  const words = ['--duration', '10m', '--rate', '1', '--attacks', 'flood@5m', '--seed', '7'];
  assert.equal((await runZban(['simulate', '--out', short, ...words])).exitCode, 0);
  const { stdout } = await runZban(['tune', short, '--config', config, '--threads', '1']);
  assert.match(stdout, /The log covers less than a day/);
  assert.match(stdout, /No client of this log is known/);
  assert.match(stdout, /^ {2}normal .* – .*<- in force$/m, 'no bans a day');
  writeFileSync(short, '');
  const empty = await runZban(['tune', short, '--json', '--config', config, '--threads', '1']);
  assert.deepEqual([empty.exitCode, JSON.parse(empty.stdout).recommendation], [0, null]);
});

test('a log that is not there is exit code 1, none at all is wrong usage', async (t) => {
  const { config } = place(t);
  const missing = await runZban(['tune', join(folder, 'nothing.log'), '--config', config]);
  assert.equal(missing.exitCode, 1);
  assert.match(missing.stderr, /zban: .*nothing\.log/);
  assert.equal(missing.stdout, '');
  assert.equal((await runZban(['tune', '--config', config])).exitCode, 2);
  assert.equal((await runZban(['tune', log, '--threads', 'many', '--config', config])).exitCode, 2);
});
