import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findCdnProtection, loadCdnRanges, SHIPPED_CDN_RANGES } from '../../src/host/cdn-ranges.ts';
import { NamedListError } from '../../src/host/named-list.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { PrefixTable } from '../../src/net/prefix-table.ts';

function makeFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'zban-cdn-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'cdn.txt');
  writeFileSync(path, text);
  return path;
}

function find(reasons: ReturnType<typeof findCdnProtection>, address: string): string | undefined {
  const prefix = parsePrefix(address);
  assert.ok(prefix);
  return new PrefixTable(reasons).findOverlap(prefix)?.reason;
}

const unexpected = { onTrouble: assert.fail, onDoubt: assert.fail };

test('the shipped list has the large CDNs, its date, and no wide network', () => {
  const found = findCdnProtection({ protect_cdn: true }, unexpected);
  for (const [address, name] of [
    ['104.16.1.1', 'Cloudflare'],
    ['2606:4700::/64', 'Cloudflare'],
    ['151.101.1.1', 'Fastly'],
    ['13.32.0.1', 'CloudFront'],
    ['130.211.0.1', 'Google-front-end'],
  ] as const) {
    assert.equal(find(found, address), `a proxy of ${name} (bans.protect_cdn)`);
  }
  assert.equal(find(found, '192.0.2.1'), undefined);
  assert.match(readFileSync(SHIPPED_CDN_RANGES, 'utf8'), /collected\n?#? ?on 20\d\d-\d\d-\d\d/);
});

test('switched off, nobody is protected', () => {
  assert.deepEqual(findCdnProtection({ protect_cdn: false }, unexpected), []);
});

test("a file of one's own takes the place of the list", (t) => {
  const cdn_ranges = makeFile(t, '# mine\n\nExample 192.0.2.0/24\r\nExample 2001:db8::/32\n');
  const found = findCdnProtection({ protect_cdn: true, cdn_ranges }, unexpected);
  assert.equal(found.length, 2);
  assert.equal(find(found, '192.0.2.7'), 'a proxy of Example (bans.protect_cdn)');
  assert.equal(find(found, '104.16.1.1'), undefined);
});

test('a network with host bits is used as a whole, and said', (t) => {
  const cdn_ranges = makeFile(t, 'Example 203.0.113.7/24\n');
  const told: string[] = [];
  const found = findCdnProtection({ protect_cdn: true, cdn_ranges }, { onDoubt: (message) => told.push(message) });
  assert.deepEqual(told, [
    `${cdn_ranges}, line 1: 203.0.113.7/24 means all of 203.0.113.0/24, of which it names one address`,
  ]);
  assert.ok(find(found, '203.0.113.99'));
});

test('an unusable file is reported with its line, and the shipped list stays in force', (t) => {
  for (const [text, complaint] of [
    ['Example 192.0.2.0/24\n192.0.2.0/24\n', /line 2: expected NAME NETWORK/],
    ['Example 0.0.0.0/0\n', /line 1/],
    ['Example 192.0.2.0/24 extra\n', /line 1/],
  ] as const) {
    const told: string[] = [];
    const path = makeFile(t, text);
    const found = findCdnProtection(
      { protect_cdn: true, cdn_ranges: path },
      { onTrouble: (message) => told.push(message) },
    );
    assert.match(told.join(), complaint);
    assert.ok(find(found, '104.16.1.1'));
    assert.throws(() => loadCdnRanges(path), NamedListError);
  }
  assert.throws(() => loadCdnRanges('/nonexistent/cdn.txt'), /cannot read \/nonexistent\/cdn.txt/);
});
