import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { NamedListError } from '../../src/host/named-list.ts';
import { findRobots, loadRobots, type RobotList, SHIPPED_ROBOTS, shippedRobotsDate } from '../../src/host/robots.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { PrefixTable } from '../../src/net/prefix-table.ts';

function makeFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'zban-robots-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'robots.txt');
  writeFileSync(path, text);
  return path;
}

function robotAt({ networks }: RobotList, address: string): string | undefined {
  const prefix = parsePrefix(address);
  assert.ok(prefix);
  return new PrefixTable(networks).findOverlap(prefix)?.name;
}

const unexpected = { onTrouble: assert.fail, onDoubt: assert.fail };

test('the shipped list knows the large ones by network or domain, and has a date', () => {
  const robots = loadRobots(SHIPPED_ROBOTS);
  for (const [address, name] of [
    ['66.249.66.1', 'Googlebot'],
    ['2001:4860:4801:10::1', 'Googlebot'],
    ['157.55.39.1', 'bingbot'],
    ['17.241.75.1', 'Applebot'],
    ['20.171.206.1', 'GPTBot'],
  ] as const) {
    assert.equal(robotAt(robots, address), name);
  }
  assert.equal(robotAt(robots, '192.0.2.1'), undefined);
  assert.deepEqual(robots.domainsOf('Googlebot'), ['.googlebot.com', '.google.com']);
  assert.deepEqual(robots.domainsOf('Baiduspider'), ['.baidu.com', '.baidu.jp']);
  assert.deepEqual(robots.domainsOf('GPTBot'), [], 'its operator publishes networks alone');
  assert.match(shippedRobotsDate(), /^20\d\d-\d\d-\d\d$/);
});

test('a user agent names its robot in any case; a browser none', () => {
  const robots = loadRobots(SHIPPED_ROBOTS);
  for (const [agent, name] of [
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Googlebot'],
    [
      'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/126.0 Safari/537.36',
      'bingbot',
    ],
    ['Mozilla/5.0 (compatible; YANDEXBOT/3.0; +http://yandex.com/bots)', 'Yandex'],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(robots.findClaimed(agent), name, agent);
  }
});

test("switched off, no robot is known; a file of one's own takes the place of the list", (t) => {
  assert.equal(findRobots({ verify: false }, unexpected).size, 0);
  const list = makeFile(t, '# mine\n\nExamplebot 192.0.2.0/24\r\nExamplebot .Crawl.Example.com\n');
  const robots = findRobots({ verify: true, list }, unexpected);
  assert.equal(robots.size, 1);
  assert.equal(robotAt(robots, '192.0.2.7'), 'Examplebot');
  assert.deepEqual(robots.domainsOf('Examplebot'), ['.crawl.example.com']);
});

test('a list that cannot be used: reported with its line, and the shipped one is in force', (t) => {
  for (const [text, complaint] of [
    ['Examplebot 192.0.2.0/24\nExamplebot\n', /line 2: expected NAME NETWORK or NAME \.DOMAIN/],
    ['Examplebot 0.0.0.0/0\n', /line 1/],
    ['Examplebot example.com\n', /line 1/],
    ['Examplebot .com\n', /line 1/],
  ] as const) {
    const told: string[] = [];
    const list = makeFile(t, text);
    const robots = findRobots({ verify: true, list }, { onTrouble: (message) => told.push(message) });
    assert.match(told.join(), complaint);
    assert.equal(robotAt(robots, '66.249.66.1'), 'Googlebot');
    assert.throws(() => loadRobots(list), NamedListError);
  }
});
