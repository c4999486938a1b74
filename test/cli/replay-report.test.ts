/** The report at the end of `zban replay`, on a log of three days made for it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { logLine, START, visitorIp } from '../support/traffic.ts';
import { place, runZban } from './run-zban.ts';

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
/** Comes three times and is banned each time; asks on while banned. */
const SCANNER = '203.0.113.250';
/** Reads for hours, then asks for what is not there. */
const CUSTOMER = '198.51.100.201';
/** Fast, and always answered. */
const READER = '198.51.100.202';
const ALLOWED = '198.51.100.203';

let folder = '';
let log = '';

interface Line {
  readonly second: number;
  readonly text: string;
}

function writeDays(): string {
  const lines: Line[] = [];
  const ask = (at: number, ip: string, path: string, status = 200) =>
    lines.push({ second: START + at, text: logLine(START + at, ip, path, status) });
  for (let at = 0; at < 3 * DAY; at += 20) ask(at, visitorIp((at / 20) % 90), `/page/${(at / 20) % 7}`);
  for (let hour = 2; hour < 60; hour += 4) for (let n = 0; n < 5; n++) ask(hour * HOUR + n * 60, CUSTOMER, '/page/1');
  for (let day = 0; day < 3; day++) {
    for (let n = 0; n < 40; n++) ask(day * DAY + 9 * HOUR + n, SCANNER, `/scan/${n}.php?secret=1`, 404);
    for (let n = 0; n < 200; n++) ask(day * DAY + 12 * HOUR + n, READER, `/page/${[3, 1, 5, 0, 4, 2, 6][n % 7]}`);
  }
  for (let n = 0; n < 15; n++) ask(2 * DAY + 13 * HOUR + n, CUSTOMER, `/lost/${n}`, 404);
  for (let n = 0; n < 30; n++) ask(2 * DAY + 14 * HOUR + n, ALLOWED, `/other/${n}\\u001b[31m`, 404);
  lines.sort((a, b) => a.second - b.second);
  return `not json\n${lines.map(({ text }) => text).join('\n')}\n`;
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'zban-report-'));
  log = join(folder, 'access.log');
  writeFileSync(log, writeDays());
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function report(t: Parameters<typeof place>[0], ...words: readonly string[]): Promise<string> {
  const { config } = place(t, `bans: { allowlist: [${ALLOWED}], decay: 30d }`);
  const { stdout, stderr, exitCode } = await runZban(['replay', log, '--config', config, ...words]);
  assert.equal(exitCode, 0, stderr);
  return stdout.slice(stdout.indexOf('\n\n') + 2);
}

/** The lines below a heading. */
function listBelow(text: string, heading: RegExp): string[] {
  const part = text.split('\n\n').find((one) => heading.test(one));
  assert.ok(part, `${heading} in\n${text}`);
  return part.split('\n').slice(1);
}

test('period, lines, clients, and what was skipped', async (t) => {
  const [period = ''] = (await report(t)).split('\n\n');
  assert.match(period, /^2026-01-01 00:00 to 2026-01-03 23:59 UTC \(2d 23h\): 13,801 lines of 94 clients$/m);
  assert.match(period, /^profile balanced, sensitivity normal; \d+ clients known by the end$/m);
  assert.match(period, /^skipped: 1 not combined$/m);
  assert.match(period, /^not judged: \d+ lines of clients banned at the time$/m);
});

test('who would have been banned, why in words, for how long, for what, and whether it came back', async (t) => {
  const text = await report(t);
  assert.match(text, /^Would have been banned: 2 clients, 4 bans, 1\.3 bans a day\.$/m);
  const [header = '', scanner = ''] = listBelow(text, /^2 clients: probing for what is not there.* \(scan\)$/m);
  assert.match(header, /CLIENT +FIRST BAN +HOW LONG +CAME BACK +ASKED FOR/);
  const kept = 3 * (40 - 13);
  assert.match(
    scanner,
    new RegExp(`^ +${SCANNER} +2026-01-01 09:00 +3 x up to 2h +\\d+ +GET /scan/\\d+\\.php 404, GET`),
  );
  assert.ok(Math.abs(Number(/up to 2h +(\d+)/.exec(scanner)?.[1]) - kept) < 6, scanner);
  assert.doesNotMatch(scanner, /secret/, 'queries stay out of the report');
});

test('a customer who would have been banned is told apart from strangers', async (t) => {
  const text = await report(t);
  const rows = listBelow(
    text,
    /^Customers\? 1 banned client had been known \(answered well in 3 or more different hours/,
  );
  assert.match(rows[1] ?? '', new RegExp(`^ +${CUSTOMER} +2026-01-03 13:00 +15 +75 of 8\\d +scan \\S+ points of 12`));
  assert.match(rows.join('\n'), /zban allow ADDRESS/);
});

test('bans by day, and clients that would not have been banned with the reason', async (t) => {
  const text = await report(t);
  const days = listBelow(text, /^Day by day:/).map((row) => row.trim().split(/ {2,}/));
  assert.deepEqual(days.map(([day, , bans, clients]) => [day, bans, clients]).slice(1), [
    ['2026-01-01', '1', '1'],
    ['2026-01-02', '1', '1'],
    ['2026-01-03', '2', '2'],
  ]);
  const [, reader = ''] = listBelow(text, /^The heaviest clients that were not banned/);
  assert.match(reader, new RegExp(`^ +${READER.replaceAll('.', '\\.')} +600 +100 % +3 `));
  assert.match(reader, /\d+\/700\*?/, 'how near it came to the limit of the window');
  const [, allowed = ''] = listBelow(text, /^1 client crossed a limit and would not have been banned/);
  assert.match(allowed, new RegExp(`^ +${ALLOWED} .*scan \\S+ points of 12.* bans\\.allowlist: 1`));
});

test('it fits a terminal of 100 columns, and nothing in it moves the cursor', async (t) => {
  for (const line of (await report(t)).split('\n')) {
    assert.ok([...line].length <= 100, line);
    assert.doesNotMatch(line, /\p{Cc}/u);
  }
});

test('long lists are cut, with --all they are whole', async (t) => {
  const crowd = join(folder, 'crowd.log');
  const lines: string[] = [];
  for (let n = 0; n < 12; n++) {
    for (let k = 0; k < 16; k++)
      lines.push(logLine(START + n * MINUTE + k, `198.18.${n + 1}.7`, `/${n}/${k}.php`, 404));
  }
  for (let day = 1; day < 14; day++)
    for (let k = 0; k < 3; k++) lines.push(logLine(START + day * DAY + k, '192.0.2.1'));
  writeFileSync(crowd, `${lines.join('\n')}\n`);
  const { config } = place(t, 'detection: { points: { scan: { limit: 4 } } }');
  const cut = (await runZban(['replay', crowd, '--config', config])).stdout;
  assert.match(cut, /^ {2}… and 7 more \(--all\)$/m);
  assert.match(cut, /^ {2}… and 4 days before \(--all\)$/m);
  const whole = (await runZban(['replay', crowd, '--all', '--config', config])).stdout;
  assert.doesNotMatch(whole, /… and/);
  for (let n = 1; n <= 12; n++) assert.match(whole, new RegExp(`^ {2}198\\.18\\.${n}\\.7 `, 'm'));
});

test('a log in which nothing happens, and one without a line', async (t) => {
  const { config } = place(t);
  const quiet = join(folder, 'quiet.log');
  writeFileSync(quiet, `${logLine(START, visitorIp(1))}\n${logLine(START + 5, visitorIp(2))}\n`);
  const said = (await runZban(['replay', quiet, '--config', config])).stdout;
  assert.match(said, /Nobody would have been banned\./);
  assert.doesNotMatch(said, /Customers|NaN|undefined/);
  writeFileSync(quiet, '');
  const empty = await runZban(['replay', quiet, '--config', config]);
  assert.equal(empty.exitCode, 0);
  assert.match(empty.stdout, /The log has no line that could be read\./);
  assert.doesNotMatch(empty.stdout, /Day by day/);
  assert.doesNotMatch(empty.stdout, /NaN|undefined|Infinity/);
});
