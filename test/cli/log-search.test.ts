/** What `zban explain` finds in the logs themselves. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { LaneSpan } from '../../src/cli/story/lane-hits.ts';
import { type Searched, type SearchLimits, searchLogs } from '../../src/cli/story/log-search.ts';
import type { Story } from '../../src/cli/story/story.ts';
import { configSchema } from '../../src/config/schema.ts';
import { formatSecond } from '../../src/model/time.ts';
import type { RowChanges } from '../support/rows.ts';
import { logLine, START } from '../support/traffic.ts';
import { banDraft } from './recorded.ts';

const CLIENT = '203.0.113.9';
const HOUR = 3600;
/** Second of the ban, and of now. */
const BAN = START + 2 * HOUR;
const NOW = BAN + 1000;

function makeLog(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'zban-search-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'access.log');
}

const write = (log: string, ...lines: readonly string[]) => writeFileSync(log, `${lines.join('\n')}\n`);

/** Moves the log aside, as it was last written at `second`. */
function rotate(log: string, suffix: string, second: number): void {
  utimesSync(log, second, second);
  renameSync(log, `${log}${suffix}`);
}

function story(changes: RowChanges & { readonly asked?: string } = {}): Story {
  const { asked = CLIENT, ...entry } = changes;
  return {
    ...{
      asked,
      isLatest: true,
      results: [],
      before: [],
      active: undefined,
      alsoActive: [],
      within: [],
      allowed: undefined,
    },
    entry: { ...banDraft(asked, { timeMs: BAN * 1000, ...entry }), id: 1, configVersion: '', hash: '' },
    next: { tier: 2, durationMs: 1 },
  };
}

const neverJudged = (asked: string): Story => ({ ...story({ asked }), entry: undefined });

const configOf = (log: string) => configSchema.parse({ logs: [{ path: log }] });

function search(log: string, about: Story, limits?: SearchLimits, now = () => NOW * 1000): Promise<Searched> {
  return searchLogs(configOf(log), about, undefined, [], now, limits);
}

const requests = ({ activities }: Searched) =>
  Object.fromEntries(activities.map(({ name, activity }) => [name, activity?.requests ?? 0]));

test('requests are told apart by whether they came before, during or after the ban', async (t) => {
  const log = makeLog(t);
  write(
    log,
    logLine(BAN - HOUR - 1, CLIENT, '/too-old'),
    logLine(BAN - HOUR, CLIENT, '/shop?id=7'),
    logLine(BAN - 30, '203.0.113.8', '/another'),
    logLine(BAN - 1, CLIENT, '/.env', 404),
    logLine(BAN, CLIENT, '/.env', 404),
    logLine(BAN + 1, CLIENT, '/late', 502),
    logLine(BAN + 600, CLIENT, '/last', 301),
    logLine(BAN + 601, CLIENT, '/again'),
    logLine(BAN + 601, CLIENT, '/again', 499),
  );
  const found = await search(log, story());
  assert.deepEqual(requests(found), { hour_before: 3, while_banned: 2, after_ban: 2 });
  assert.deepEqual(found.notes, []);
  const [before, , after] = found.activities.map(({ activity }) => activity);
  assert.deepEqual(before?.answers, { '2xx': 1, '3xx': 0, '4xx': 2, '5xx': 0, other: 0 });
  assert.deepEqual([before.first, before.last], [formatSecond(BAN - HOUR), formatSecond(BAN)]);
  assert.equal(before.paths, 2);
  assert.deepEqual(before.top_paths, [
    { name: 'GET /.env', requests: 2, share: 2 / 3 },
    { name: 'GET /shop', requests: 1, share: 1 / 3 },
  ]);
  assert.equal(after?.answers.other, 1, 'nobody got a 499');
});

test('of a network one address is counted by itself, and what lanes stopped while they were open', async (t) => {
  const log = makeLog(t);
  const search404 = (second: number, ip: string) => logLine(second, ip, '/search?q=1', 404);
  write(log, search404(BAN - 9, '203.0.113.8'), search404(BAN - 9, CLIENT), search404(BAN, '203.0.113.8'));
  const lane = { id: 'l1', action: 'hold', match: { path: '/search' }, fromMs: BAN * 1000 + 400 } as const;
  const find = (about: Story, span: LaneSpan) => searchLogs(configOf(log), about, undefined, [span], () => NOW * 1000);
  const found = await find(story({ client: '203.0.113.0/24' }), { ...lane, untilMs: undefined });
  assert.equal(found.activities[0]?.activity?.requests, 3);
  assert.equal(found.own, 1);
  assert.deepEqual(found.lanes, [{ ...lane, untilMs: undefined, requests: 1 }]);
  const own = await find(story(), { ...lane, untilMs: BAN * 1000 + 500, match: { path: '/x' } });
  assert.deepEqual([own.own, own.lanes], [undefined, []]);
});

test('observe mode and refused bans have an hour after instead of a ban', async (t) => {
  const log = makeLog(t);
  write(log, logLine(BAN, CLIENT), logLine(BAN + 5, CLIENT), logLine(BAN + 900, CLIENT));
  assert.deepEqual(requests(await search(log, story({ enforced: false }))), { hour_before: 1, since: 2 });
  assert.deepEqual(requests(await search(log, story({ action: 'refused' }))), { hour_before: 1, since: 2 });
});

test('an old ban is looked up in the files that rotation left, and the last hour besides', async (t) => {
  const log = makeLog(t);
  write(log, logLine(BAN - 200, CLIENT), logLine(BAN - 100, CLIENT));
  writeFileSync(`${log}.3.gz`, gzipSync(readFileSync(log)));
  rotate(log, '.tmp', BAN - 100);
  rmSync(`${log}.tmp`);
  utimesSync(`${log}.3.gz`, BAN - 100, BAN - 100);
  write(log, logLine(BAN, CLIENT), logLine(BAN + 9, CLIENT));
  rotate(log, '.2', BAN + 9);
  write(log, logLine(BAN + 20 * HOUR, CLIENT));
  rotate(log, '.1', BAN + 20 * HOUR);
  write(log, logLine(BAN + 30 * HOUR, CLIENT), logLine(BAN + 30 * HOUR + 1, CLIENT));
  const found = await search(log, story(), undefined, () => (BAN + 30 * HOUR + 60) * 1000);
  assert.deepEqual(requests(found), { hour_before: 3, while_banned: 1, after_ban: 0, last_hour: 2 });
});

test('a client that was never judged: its last hour, of an IPv6 host that of its network', async (t) => {
  const log = makeLog(t);
  write(log, logLine(NOW - 10, '2001:db8:1::7', '/'), logLine(NOW - 9, '2001:db8:1::8'), logLine(NOW, '2001:db8:2::1'));
  const found = await search(log, neverJudged('2001:db8:1::7'));
  assert.deepEqual(requests(found), { last_hour: 2 });
  assert.equal(found.activities[0]?.activity?.addresses, 2);
  assert.deepEqual(found.notes, ['it is judged as a part of 2001:db8:1::/64']);
});

test('a ban of one IPv6 host or of a network counts just what it covers', async (t) => {
  const log = makeLog(t);
  write(
    log,
    ...['2001:db8:1::7', '2001:db8:1::8', '2001:db8:2::7', '198.51.100.1', '::1'].map((ip) => logLine(BAN, ip)),
  );
  const count = async (asked: string) => requests(await search(log, story({ asked })))['hour_before'];
  assert.equal(await count('2001:db8:1::7'), 1);
  assert.equal(await count('2001:db8:1::/64'), 2);
  assert.equal(await count('2001:db8::/32'), 3);
  assert.equal(await count('198.51.100.0/24'), 1);
  assert.equal(await count('::/0'), 4);
  assert.equal(await count('0.0.0.0/0'), 1);
});

test('where the logs end long ago, the last hour is theirs, and that is said', async (t) => {
  const log = makeLog(t);
  write(log, logLine(START - 3000, CLIENT), logLine(START, CLIENT));
  const found = await search(log, neverJudged(CLIENT));
  assert.deepEqual(requests(found), { last_hour: 2 });
  assert.match(found.notes[0] ?? '', /^the newest line of the logs is of 20/);
});

test('a log that is missing or cannot be read is a note', async (t) => {
  const log = makeLog(t);
  assert.deepEqual((await search(log, story())).notes, [`${log} is missing`]);
  mkdirSync(log);
  assert.deepEqual((await search(log, story())).notes, [`cannot read ${log}: not a regular file`]);
  assert.deepEqual((await search(`${log}-*`, story())).notes, [`no log matches ${log}-*`]);
});

test('bounded in bytes and in time, and says so', async (t) => {
  const log = makeLog(t);
  write(log, ...Array.from({ length: 3000 }, (_, n) => logLine(BAN - 3000 + n, CLIENT)));
  const short = await search(log, story(), { bytesMax: 102_400, searchMsMax: 4000 });
  const before = requests(short)['hour_before'] ?? 0;
  assert.ok(before > 100 && before < 1500, `${before} of 3000 lines`);
  assert.equal(short.activities[0]?.activity?.last, formatSecond(BAN - 1), 'the newest ones');
  assert.deepEqual(short.notes, [`only 100.0 KiB of ${log} were searched: what was earlier is left out`]);
  let asked = 0;
  const slow = await search(log, story(), undefined, () => NOW * 1000 + 5000 * asked++);
  assert.match(slow.notes.join(), /^the search stopped after 4s: .*access\.log was read up to 20/);
});
