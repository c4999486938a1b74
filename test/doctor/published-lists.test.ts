import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { checkPublishedLists } from '../../src/doctor/published-lists.ts';

const check = (config: object) => checkPublishedLists(configSchema.parse(config));

test('the lists in force with date or file', () => {
  const shipped = check({});
  assert.deepEqual(
    shipped.map(({ check: name, level }) => [name, level]),
    [
      ['robots', 'ok'],
      ['CDNs', 'ok'],
    ],
  );
  assert.match(
    shipped[0]?.message ?? '',
    /^\d+ are known, with \d+ networks: the list that comes with zban \(20\d\d-\d\d-\d\d\)$/,
  );
  assert.match(
    shipped[1]?.message ?? '',
    /^[\d,]+ networks of their proxies are never banned: the list that comes with zban$/,
  );
  assert.deepEqual(
    check({ detection: { robots: { verify: false } }, bans: { protect_cdn: false } }).map(({ message }) => message),
    ['none is verified (detection.robots.verify)', 'their proxies may be banned (bans.protect_cdn)'],
  );
});

test('a list that cannot be used, with the way out', () => {
  const path = '/nonexistent/list.txt';
  const [robots, cdns] = check({ detection: { robots: { list: path } }, bans: { cdn_ranges: path } });
  assert.equal(robots?.level, 'warn');
  assert.match(
    robots.message,
    /cannot read \/nonexistent\/list.txt.*; the list that comes with zban \(.*\) is in force/,
  );
  assert.equal(robots.fix, 'correct or remove detection.robots.list');
  assert.equal(cdns?.level, 'warn');
  assert.match(cdns.message, /cannot read \/nonexistent\/list.txt.*; the list that comes with zban is in force/);
  assert.equal(cdns.fix, 'correct or remove bans.cdn_ranges');
});

test('a network that names one address: what it comes to, in either list', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-lists-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'list.txt');
  writeFileSync(path, 'Example 192.0.2.0/24\nExample 203.0.113.7/24\nExample 2001:db8::1/32\n');
  const said = `${path}, line 2: 203.0.113.7/24 means all of 203.0.113.0/24, of which it names one address; so does 1 more`;
  for (const finding of check({ detection: { robots: { list: path } }, bans: { cdn_ranges: path } })) {
    assert.deepEqual([finding.level, finding.message], ['warn', said]);
    assert.equal(finding.fix, 'write the address alone, or the network');
  }
});
