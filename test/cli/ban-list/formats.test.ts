import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseList } from '../../../src/cli/ban-list/formats.ts';
import type { BanList } from '../../../src/cli/ban-list/list.ts';

/** What was read, one entry a row: line, target, how long or until when, reason. */
const rows = ({ bans, lines }: BanList) =>
  bans.map(({ target, forMs, untilMs, reason }, index) => [lines[index], target, forMs ?? untilMs ?? null, reason]);

test("CrowdSec's import file: its columns in any order, quoted where need be", () => {
  const list = parseList(
    [
      'scope,duration,value,"reason",type',
      'ip,4h,203.0.113.9,crowdsecurity/http-probing,ban',
      'Range,1h30m0.5s,198.51.100.0/24,"two, with ""quotes""",',
      'ip,87600h0m0s,2001:db8::1,,ban',
      'ip,-3m2s,203.0.113.10,late,ban',
      'Country,4h,CN,,ban',
      'ip,4h,203.0.113.11,,captcha',
      'ip,soon,203.0.113.12,,ban',
      'ip,4h,nonsense,,ban',
      ',,203.0.113.13,,',
      '',
    ].join('\r\n'),
  );
  assert.deepEqual(rows(list), [
    [2, '203.0.113.9', 14_400_000, 'crowdsecurity/http-probing'],
    [3, '198.51.100.0/24', 5_400_500, 'two, with "quotes"'],
    [4, '2001:db8::1', null, undefined],
    [5, '203.0.113.10', 0, 'late'],
    [10, '203.0.113.13', null, undefined],
  ]);
  assert.equal(list.bans[2]?.forMs, null, 'ten years are for good');
  assert.equal(list.bans[4]?.forMs, undefined, 'no time is none');
  assert.deepEqual(list.problems, [
    { line: 6, message: 'a decision about a country, not an address' },
    { line: 7, message: 'a decision for a captcha, not a ban' },
    { line: 8, message: 'soon is no duration such as 4h or 3h59m30s' },
    { line: 9, message: 'nonsense is neither an address nor a network' },
  ]);
});

test('what cscli decisions list -o raw prints', () => {
  const list = parseList(
    [
      'id,source,ip,reason,action,country,as,events_count,expiration,simulated,alert_id',
      '1,crowdsec,Ip:203.0.113.9,crowdsecurity/ssh-bf,ban,FR,"64500 Example, Inc",6,3h59m49.228761213s,false,7',
      '2,CAPI,Range:2001:db8::/32,scan,ban,,,0,166h0m1s,false,8',
      '3,crowdsec,Ip:203.0.113.10,http-probing,ban,,,1,1h0m0s,true,9',
      '4,cscli,username:ann,manual,ban,,,1,1h0m0s,false,10',
    ].join('\n'),
  );
  assert.deepEqual(rows(list), [
    [2, '203.0.113.9', 14_389_229, 'crowdsecurity/ssh-bf'],
    [3, '2001:db8::/32', 597_601_000, 'scan'],
  ]);
  assert.deepEqual(
    list.problems.map(({ message }) => message),
    ['a simulated decision', 'a decision about a username, not an address'],
  );
});

test('JSON: decisions, and alerts with their decisions', () => {
  const decision = { duration: '4h', scope: 'Ip', type: 'ban', value: '203.0.113.9', scenario: 'probing' };
  const alert = { id: 1, decisions: [decision, { ...decision, value: '203.0.113.10', duration: '1m' }] };
  const simple = { duration: '4h', reason: 'mine', scope: 'ip', type: 'ban', value: '198.51.100.1' };
  assert.deepEqual(rows(parseList(JSON.stringify([alert, simple]))), [
    [1, '203.0.113.9', 14_400_000, 'probing'],
    [1, '203.0.113.10', 60_000, 'probing'],
    [2, '198.51.100.1', 14_400_000, 'mine'],
  ]);
});

test('JSON of zban: what is wrong with an entry is told, the others are read', () => {
  const list = parseList(
    JSON.stringify([
      { ip: '203.0.113.9', until: '2026-11-20T10:11:12.345Z', tier: 2, condition: 'surprise', reason: '' },
      { ip: '203.0.113.10', until: null },
      { ip: '203.0.113.11' },
      { ip: 'localhost' },
      { until: null },
      { ip: '203.0.113.12', until: 'tomorrow' },
      { ip: '203.0.113.13', until: 5 },
      { ip: '203.0.113.14', tier: -1 },
      { ip: '203.0.113.15', condition: 'a\u001b[2J' },
      7,
      null,
    ]),
  );
  const [first] = list.bans;
  assert.deepEqual(first, {
    target: '203.0.113.9',
    untilMs: Date.UTC(2026, 10, 20, 10, 11, 12, 345),
    tier: 2,
    condition: 'scan',
    reason: '',
  });
  assert.deepEqual(
    list.bans.map(({ target, forMs }) => [target, forMs]),
    [
      ['203.0.113.9', undefined],
      ['203.0.113.10', null],
      ['203.0.113.11', undefined],
    ],
  );
  assert.deepEqual(
    list.problems.map(({ line, message }) => `${line} ${message}`),
    [
      '4 localhost is neither an address nor a network',
      '5 an entry without "ip" is neither an address nor a network',
      '6 203.0.113.12: "until" is not a time such as 2026-11-20T10:11:12Z, or null',
      '7 203.0.113.13: "until" is not a time such as 2026-11-20T10:11:12Z, or null',
      '8 203.0.113.14: "tier" is not a whole number from 0 to 1000',
      '9 203.0.113.15: "condition" is not a word',
      '10 not an object',
      '11 not an object',
    ],
  );
});

test('what fail2ban-client banned and get JAIL banip --with-time print', () => {
  const jails = "[{'sshd': ['203.0.113.9', '2001:db8::1']}, {'nginx-limit': []}, {'odd': ['example.com']}]";
  const list = parseList(jails);
  assert.deepEqual(rows(list), [
    [1, '203.0.113.9', null, 'fail2ban sshd'],
    [1, '2001:db8::1', null, 'fail2ban sshd'],
  ]);
  assert.deepEqual(list.problems, [{ line: 1, message: 'example.com is neither an address nor a network' }]);
  const timed = parseList(
    '203.0.113.9 \t2026-11-20 10:11:12 + 600 = 2026-11-20 10:21:12\n203.0.113.10 \t2026-11-20 10:11:12 + -1 = 9999-12-31 23:59:59\n',
  );
  assert.deepEqual(
    timed.bans.map(({ target, forMs, untilMs }) => [target, forMs, untilMs]),
    [
      ['203.0.113.9', undefined, new Date(2026, 10, 20, 10, 21, 12).getTime()],
      ['203.0.113.10', null, undefined],
    ],
  );
});

test('the format given goes before the one it looks like; what is none says so', () => {
  assert.equal(parseList('value,duration\n203.0.113.9,1h', 'plain').problems.length, 1);
  assert.deepEqual(parseList('203.0.113.9,1h', 'crowdsec').problems, [
    { line: 1, message: 'no column value: the first line of a decision list names its columns' },
  ]);
  assert.throws(() => parseList('[{"ip":'), /the list is not JSON/);
  assert.throws(() => parseList('{}', 'json'), /not an array/);
  assert.deepEqual(parseList('[]').bans, []);
  assert.deepEqual(parseList('').bans, []);
});
