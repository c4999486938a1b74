/** The table of networks against a naive search, and the files that it is made from. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type OwnedRange, WhoTable, WhoTableBuilder } from '../../src/host/who-table.ts';
import { updateWhoTable } from '../../src/host/who-update.ts';
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import fc from '../support/fast-check.ts';
import { encodeMmdb } from './mmdb-file.ts';

const LINES = [
  '192.0.2.0\t192.0.2.255\t64500\tDE\tEXAMPLE-NET Example Ltd',
  '198.51.100.0\t198.51.100.127\t64501\tFR\tOVH',
  '203.0.113.0\t203.0.113.255\t0\tNone\tNot routed',
  '2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64500\tDE\tEXAMPLE-NET Example Ltd',
];

function place(t: TestContext): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'zban-who-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return (name) => join(folder, name);
}

function prefixOf(text: string): Prefix {
  return parsePrefix(text) ?? assert.fail(text);
}

/** The table at `path`, closed at the end of the test. */
function openTable(t: TestContext, path: string): (address: string) => string {
  const table = new WhoTable(path);
  t.after(() => table.close());
  return (address) => {
    const owner = table.find(prefixOf(address));
    return owner ? `AS${owner.asn} ${owner.name} ${owner.country}` : 'nobody';
  };
}

test('every address has the owner that a naive search finds', (t) => {
  const path = place(t)('who.table');
  const edge = fc.integer({ min: 0, max: 60 });
  // Few addresses at both ends of each family, so that ranges touch one another and the ends.
  const top = { 4: (1n << 32n) - 61n, 6: (1n << 128n) - 61n };
  const cut = fc.record({
    family: fc.constantFrom<4 | 6>(4, 6),
    high: fc.boolean(),
    edges: fc.uniqueArray(edge, { maxLength: 12 }),
  });
  const property = fc.property(fc.array(cut, { maxLength: 4 }), (cuts) => {
    const seen = new Set<string>();
    const ranges = cuts.flatMap(({ family, high, edges }): OwnedRange[] => {
      if (seen.has(`${family}${high}`)) return [];
      seen.add(`${family}${high}`);
      const sorted = edges.toSorted((a, b) => a - b).map((at) => BigInt(at) + (high ? top[family] : 0n));
      return sorted.slice(1).flatMap((next, index) =>
        index % 3 === 2
          ? []
          : {
              family,
              first: sorted[index] as bigint,
              last: next - 1n,
              owner: { asn: index % 5, name: 'ä', country: '' },
            },
      );
    });
    const builder = new WhoTableBuilder();
    for (const range of ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1))) builder.add(range);
    writeFileSync(path, builder.finish(0));
    const table = new WhoTable(path);
    for (const family of [4, 6] as const) {
      for (let at = 0n; at <= 60n; at++) {
        for (const value of [at, top[family] + at]) {
          const range = ranges.find((each) => each.family === family && each.first <= value && value <= each.last);
          assert.deepEqual(table.find({ family, value, bits: family === 4 ? 32 : 128 }), range?.owner);
        }
      }
    }
    table.close();
  });
  fc.assert(property, { numRuns: 60 });
});

test("an IPtoASN table, plain or gzipped, gives a network's owner and the table's age", async (t) => {
  const at = place(t);
  for (const [name, bytes] of [
    ['plain.tsv', Buffer.from(`${LINES.join('\r\n')}\r\n`)],
    ['packed.tsv.gz', gzipSync(LINES.join('\n'))],
  ] as const) {
    writeFileSync(at(name), bytes);
    utimesSync(at(name), 1_790_000_000, 1_790_000_000);
    assert.equal((await updateWhoTable(at(name), at('who.table'))).madeMs, 1_790_000_000_000);
    const who = openTable(t, at('who.table'));
    assert.equal(who('192.0.2.77'), 'AS64500 EXAMPLE-NET Example Ltd DE');
    assert.equal(who('198.51.100.64/26'), 'AS64501 OVH FR');
    assert.equal(who('2001:db8:1::/64'), 'AS64500 EXAMPLE-NET Example Ltd DE');
    for (const nobody of ['198.51.100.128', '203.0.113.7', '0.0.0.0', '255.255.255.255', '2001:db9::', '::'])
      assert.equal(who(nobody), 'nobody', nobody);
  }
});

test('a MaxMind DB file works too, with every record size, without the IPv4 aliases inside IPv6', async (t) => {
  const at = place(t);
  const geo = { autonomous_system_number: 64500, autonomous_system_organization: 'Example Ltd' };
  const info = { asn: 'AS64501', as_name: 'OVH', country_code: 'FR' };
  for (const recordSize of [24, 28, 32] as const) {
    for (const version of [4, 6] as const) {
      const networks: [string, object][] = [
        ['192.0.2.0/24', geo],
        ['198.51.100.0/25', info],
        ...(version === 6 ? [['2001:db8::/32', geo] as [string, object]] : []),
      ];
      writeFileSync(
        at('db.mmdb'),
        encodeMmdb({ recordSize, version, networks, alias: '2002::/16', builtSeconds: 1_790_000_000 }),
      );
      assert.equal((await updateWhoTable(at('db.mmdb'), at('who.table'))).madeMs, 1_790_000_000_000);
      const who = openTable(t, at('who.table'));
      assert.equal(who('192.0.2.1'), 'AS64500 Example Ltd ');
      assert.equal(who('198.51.100.9'), 'AS64501 OVH FR');
      assert.equal(who('198.51.100.128'), 'nobody');
      assert.equal(who('2001:db8::1'), version === 6 ? 'AS64500 Example Ltd ' : 'nobody');
      assert.equal(who('2002:c000:201::1'), 'nobody');
    }
  }
});

test('a file that is none of these, or not whole, is refused with its place, and the table stays as it was', async (t) => {
  const at = place(t);
  writeFileSync(at('good.tsv'), LINES.join('\n'));
  await updateWhoTable(at('good.tsv'), at('who.table'));
  const before = readFileSync(at('who.table'));
  const mmdb = encodeMmdb({ recordSize: 24, version: 4, networks: [['192.0.2.0/24', { asn: 1 }]], builtSeconds: 1 });
  for (const [bytes, message] of [
    [`${LINES[0]}\n192.0.2.0 192.0.2.255 64500 DE X\n`, /line 2: expected first address, last address/],
    [`${LINES[0]}\n192.0.2.128\t192.0.3.0\t64501\tFR\tOVH\n`, /overlap or are out of order at c0000280/],
    ['192.0.2.9\t192.0.2.1\t64501\tFR\tOVH\n', /line 1/],
    ['', /names nobody/],
    [mmdb.subarray(40), /is no whole MaxMind DB file/],
  ] as const) {
    writeFileSync(at('bad'), bytes);
    await assert.rejects(updateWhoTable(at('bad'), at('who.table')), message);
    assert.deepEqual(readFileSync(at('who.table')), before);
  }
  await assert.rejects(updateWhoTable(at('absent'), at('who.table')), { code: 'missing' });
  truncateSync(at('who.table'), before.length - 1);
  assert.throws(() => new WhoTable(at('who.table')), /not whole: write it anew with zban who update/);
});
