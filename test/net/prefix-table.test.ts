import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPrefix, maskPrefix, type Prefix, prefixContains, prefixesOverlap } from '../../src/net/prefix.ts';
import { PrefixTable } from '../../src/net/prefix-table.ts';
import fc from '../support/fast-check.ts';

/** Few distinct networks, so that they meet. */
const prefix: fc.Arbitrary<Prefix> = fc
  .record({ family: fc.constantFrom(4 as const, 6 as const), low: fc.nat(7), bits: fc.integer({ min: 0, max: 4 }) })
  .map(({ family, low, bits }) => {
    const width = family === 4 ? 32 : 128;
    const value = BigInt(low) << BigInt(width - 3);
    return maskPrefix({ family, value, bits: width }, bits);
  });

test('finds an entry exactly when one overlaps', () => {
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 8 }), prefix, (entries, wanted) => {
      const table = new PrefixTable(entries.map((entry) => ({ prefix: entry })));
      const found = table.findOverlap(wanted);
      assert.equal(
        found !== undefined,
        entries.some((entry) => prefixesOverlap(entry, wanted)),
      );
      if (found) assert.ok(prefixesOverlap(found.prefix, wanted));
    }),
  );
});

test('finds all that contain a network and all within it, the latter by address', () => {
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 12 }), prefix, (networks, wanted) => {
      const table = new PrefixTable(networks.map((network) => ({ prefix: network })));
      const names = (entries: Iterable<{ prefix: Prefix }>) => [...entries].map((entry) => formatPrefix(entry.prefix));
      const all = (test: (network: Prefix) => boolean) => [...new Set(networks.filter(test).map(formatPrefix))].sort();
      assert.deepEqual(
        names(table.containing(wanted)).sort(),
        all((network) => prefixContains(network, wanted)),
      );
      assert.deepEqual(
        names(table.within(wanted)).sort(),
        all((network) => prefixContains(wanted, network)),
      );
      const addresses = [...table.within(wanted)].map((entry) => entry.prefix.value);
      assert.ok(addresses.every((address, index) => index === 0 || (addresses[index - 1] ?? 0n) <= address));
    }),
  );
});
