/** The picture of `zban top` at the sizes that terminals have. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStyle } from '../../src/cli/style.ts';
import { width } from '../../src/cli/text.ts';
import { drawSite, drawTop, extendRates, type Picture } from '../../src/cli/top/layout.ts';
import type { ActiveBan } from '../../src/model/audit.ts';
import type { TopClient } from '../../src/model/status.ts';
import { status as statusOf } from '../support/status.ts';

const client = (name: string, share: number, more: Partial<TopClient> = {}): TopClient => ({
  name,
  requests: 531,
  share: 0.1,
  nearest: { limit: 'brute_force', share, tolerated: 12 },
  top_path: '/category/日本語/winter-river',
  statuses: [3, 0, 97, 0],
  ...more,
});

const ban = (name: string, untilMs: number | null): ActiveBan => ({
  client: name,
  condition: 'scan',
  tier: 2,
  sinceMs: 0,
  untilMs,
  enforced: true,
  actor: 'policy',
  reason: '',
  auditId: 1,
  confirmed: true,
  numbers: null,
});

const status = statusOf({
  baseline: null,
  fuse_tripped: true,
  active_bans: 2,
  clients: 4019,
  troubles: ['Slack answers 404\u001b[31m'],
  fuse_until: '2026-11-20T10:30:00.000Z',
});

const NAMES = ['2001:db8:bad:3eaf::/64', '198.51.100.250', '192.0.2.1'];

const picture = (more: Partial<Picture> = {}): Picture => ({
  view: { second: 1, site_rates: [], clients: [], status },
  bans: [ban('203.0.113.213', null), ban('2001:db8:bad:3411::/64', 594_000)],
  rates: Array.from({ length: 59 }, (_, second) => second),
  clients: NAMES.map((name, index) => client(name, 0.9 - index * 0.3)),
  selected: NAMES[1],
  hint: () => 'q quit',
  whoIs: (name) => (name === NAMES[0] ? 'AS64500 Example Networks, FR' : ''),
  nowMs: 0,
  style: createStyle(false),
  ...more,
});

for (const [columns, rows] of [
  [60, 20],
  [80, 24],
  [200, 50],
] as const) {
  test(`${columns} x ${rows}: the whole height, no line too wide, and who, how near, why and how long on it`, () => {
    const lines = drawTop(picture(), { columns, rows });
    assert.equal(lines.length, rows);
    for (const line of lines) assert.ok(width(line) <= columns, line);
    const text = lines.join('\n');
    for (const name of [...NAMES, '203.0.113.213', '2001:db8:bad:3411::/64']) assert.ok(text.includes(name), name);
    assert.match(text, /^> 198\.51\.100\.250 .*60% brute_force/m);
    assert.match(text, /^ {2}203\.0\.113\.213 +scan +permanent +2/m);
    assert.match(text, /^ {2}2001:db8:bad:3411::\/64 scan +9m 54s +2/m);
    assert.match(lines.at(-1) ?? '', /^q quit/);
    assert.match(text, /4,019 clients · 2 banned · fuse tripped until/);
    assert.ok(!text.includes('\u001b'), 'no colours were asked for, and none come from outside');
    assert.equal(/4xx 97 2xx 3/.test(text), columns >= 200);
    assert.equal(/AS64500 Example/.test(text), columns >= 200);
  });
}

test('many bans leave clients their room, and the other way round', () => {
  const clients = Array.from({ length: 100 }, (_, index) => client(`192.0.2.${index}`, 0.1));
  const bans = Array.from({ length: 100 }, (_, index) => ban(`203.0.113.${index}`, null));
  const count = (lines: readonly string[], start: string) => lines.filter((line) => line.startsWith(start)).length;
  const both = drawTop(picture({ clients, bans }), { rows: 30, columns: 80 });
  assert.ok(count(both, '  203') >= 6 && count(both, '  192') > count(both, '  203'));
  const quiet = drawTop(picture({ clients: clients.slice(0, 2), bans }), { rows: 30, columns: 80 });
  assert.ok(count(quiet, '  203') > 15);
});

test('a long IPv6 address is whole from 80 columns on', () => {
  const name = '2001:db8:dead:ea5a:beef:da5e:cafe:1234';
  const lines = drawTop(picture({ bans: [ban(name, null)], clients: [client(name, 0.5)] }), { rows: 20, columns: 80 });
  assert.equal(lines.filter((line) => line.includes(name)).length, 2);
  assert.match(lines.join('\n'), new RegExp(`^ {2}${name} +scan +permanent +2`, 'm'));
});

test('what is selected is in view, however far down its list it is', () => {
  const clients = Array.from({ length: 100 }, (_, index) => client(`192.0.2.${index}`, 0.1));
  const bans = Array.from({ length: 100 }, (_, index) => ban(`203.0.113.${index}`, null));
  for (const selected of ['192.0.2.0', '192.0.2.99', '203.0.113.42']) {
    const lines = drawTop(picture({ clients, bans, selected }), { rows: 24, columns: 80 });
    assert.equal(lines.filter((line) => line.startsWith(`> ${selected} `)).length, 1, selected);
    assert.equal(lines.length, 24);
  }
});

test('the sparkline grows by the seconds that are new', () => {
  const view = (second: number, site_rates: number[]) => ({ second, site_rates, clients: [] });
  const first = extendRates({ second: 0, rates: [] }, view(100, [1, 2, 3]));
  assert.deepEqual(first, { second: 100, rates: [1, 2, 3] });
  assert.deepEqual(extendRates(first, view(100, [1, 2, 3])).rates, [1, 2, 3]);
  assert.deepEqual(extendRates(first, view(102, [3, 4, 5])).rates, [1, 2, 3, 4, 5]);
});

test('what top counts of the site is named as its profile counts it', () => {
  const drawn = (profile: 'balanced' | 'classic') => drawSite(statusOf({ profile }), [], createStyle(false), 120);
  assert.match(drawn('balanced'), /\/s without static files,/);
  assert.doesNotMatch(drawn('classic'), /static/);
});
