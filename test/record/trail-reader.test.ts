import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrefix, prefixContains, prefixesOverlap } from '../../src/net/prefix.ts';
import { TrailReader } from '../../src/record/trail/trail-reader.ts';
import { ban, draft, openTrail, T0 } from './examples.ts';

const NAMES = [
  ...['203.0.113.9', '203.0.113.90', '203.0.113.0/24', '203.0.112.0/20', '203.0.114.1', '0.0.0.0/0'],
  ...['2001:db8:1::/64', '2001:db8:1::5', '2001:db8:1:0:9::/80', '2001:db8::/32', '2001:db8:10::/64', '::/0', '::1'],
];
const WANTED = [...NAMES, '203.0.113.77', '203.0.113.0/30', '2001:db8:1::/48', '2001:db8:0:1::/64', '8000::/1'];

const prefixOf = (text: string) => {
  const prefix = parsePrefix(text);
  assert.ok(prefix);
  return prefix;
};

test('rows about a client are those of every network that shares addresses with it', (t) => {
  const { trail, database } = openTrail(t);
  trail.append([...NAMES.map((name) => ban(name)), draft('allow', 'office.example.org')]);
  const reader = new TrailReader(database);
  for (const wanted of WANTED) {
    const found = reader.query({ client: wanted, limit: 100 }).map(({ client }) => client);
    const expected = NAMES.filter((name) => prefixesOverlap(prefixOf(name), prefixOf(wanted)));
    assert.deepEqual(found, expected, wanted);
  }
  assert.equal(reader.query({ client: 'office.example.org', limit: 9 }).length, 1);
});

test('decisions are found behind the results of a list, and failures among them', (t) => {
  const { trail, database } = openTrail(t);
  const results = (failed: boolean) =>
    NAMES.map((name) =>
      draft('ban_result', name, {
        numbers: { result: failed ? 'failed' : 'ok' },
        detail: failed ? 'ok so far, then busy' : 'ok',
      }),
    );
  trail.append([...NAMES.map((name) => ban(name)), ...results(false), ...results(true).slice(0, 1), ...results(false)]);
  const found = new TrailReader(database).query({ newestFirst: true, withoutResults: true, limit: 3 });
  assert.deepEqual(
    found.map(({ action, client }) => `${action} ${client}`),
    [`ban_result ${NAMES[0]}`, `ban ${NAMES.at(-1)}`, `ban ${NAMES.at(-2)}`],
  );
});

test('bans that cover a network are those of the networks around it, while they are in force', (t) => {
  const { trail, database } = openTrail(t);
  trail.append(NAMES.map((name, index) => ban(name, { durationSeconds: index % 2 ? 600 : null })));
  const reader = new TrailReader(database);
  for (const wanted of WANTED) {
    const covering = NAMES.filter((name) => prefixContains(prefixOf(name), prefixOf(wanted)));
    const names = (nowMs: number) => reader.bansCovering(prefixOf(wanted), nowMs).map(({ client }) => client);
    assert.deepEqual(names(T0).sort(), covering.toSorted(), wanted);
    const permanent = covering.filter((name) => NAMES.indexOf(name) % 2 === 0);
    assert.deepEqual(names(T0 + 600_000).sort(), permanent.sort(), wanted);
  }
});

test('what operators allowed is read with who allowed it and why', (t) => {
  const { trail, database } = openTrail(t);
  trail.append([
    draft('allow', '203.0.113.0/24', { actor: 'operator:ann', detail: 'office' }),
    draft('allow', '192.0.2.1', { actor: 'operator:ann' }),
    draft('disallow', '192.0.2.1', { actor: 'operator:ann' }),
  ]);
  const allowed = new TrailReader(database).allowed();
  const rest = { sinceMs: T0, actor: 'operator:ann', reason: 'office', auditId: 1 };
  assert.deepEqual(allowed, [{ entry: '203.0.113.0/24', ...rest }]);
  database.sql.exec("UPDATE allowed SET actor = 'nobody'");
  assert.equal(new TrailReader(database).allowed()[0]?.actor, 'system', 'no version writes that');
});

test('the first and the last bans are those at the ends of all', (t) => {
  const { trail, database } = openTrail(t);
  trail.append(NAMES.map((client, n) => ban(client, { timeMs: T0 + ((n * 7) % 5) * 1000, durationSeconds: null })));
  const reader = new TrailReader(database);
  const all = reader.activeBans(T0).map(({ client }) => client);
  assert.deepEqual(
    reader.firstBans(T0, 3, false).map(({ client }) => client),
    all.slice(0, 3),
  );
  assert.deepEqual(
    reader.firstBans(T0, 3, true).map(({ client }) => client),
    all.toReversed().slice(0, 3),
  );
});

for (const reverse of [false, true]) {
  test(`the ${reverse ? 'last' : 'first'} bans come from an index in their order: the others are neither read nor sorted`, (t) => {
    const { trail, database } = openTrail(t);
    trail.append(NAMES.map((client) => ban(client)));
    const texts: string[] = [];
    const prepare = (text: string) => {
      texts.push(text);
      return database.sql.prepare(text);
    };
    const sql = new Proxy(database.sql, { get: (_sql, key) => (key === 'prepare' ? prepare : undefined) });
    new TrailReader({ ...database, sql }).firstBans(T0, 3, reverse);
    const plans = texts.flatMap((text) =>
      database.sql.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`).all(T0, 3),
    );
    assert.deepEqual(
      plans.map(({ detail }) => detail),
      ['SCAN bans USING INDEX bans_by_start'],
    );
  });
}
