import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDecisions } from '../../../src/cli/ban-list/crowdsec.ts';
import { formatCsvField, parseCsv } from '../../../src/cli/ban-list/csv.ts';
import { parseList } from '../../../src/cli/ban-list/formats.ts';
import { formatJson } from '../../../src/cli/ban-list/json.ts';
import { formatPlain } from '../../../src/cli/ban-list/plain.ts';
import type { ActiveBan } from '../../../src/model/audit.ts';
import { formatPrefix, maskPrefix, parsePrefix } from '../../../src/net/prefix.ts';
import fc from '../../support/fast-check.ts';

const NOW = Date.UTC(2026, 10, 20, 10, 11, 12);

const client = fc
  .oneof(
    fc.record({
      family: fc.constant(4 as const),
      value: fc.bigInt(0n, 2n ** 32n - 1n),
      bits: fc.integer({ min: 8, max: 32 }),
    }),
    fc.record({
      family: fc.constant(6 as const),
      value: fc.bigInt(2n ** 120n, 2n ** 128n - 1n),
      bits: fc.integer({ min: 16, max: 128 }),
    }),
  )
  .map(({ family, value, bits }) => formatPrefix(maskPrefix({ family, value, bits: family === 4 ? 32 : 128 }, bits)));

const ban = fc
  .record({
    client,
    untilMs: fc.option(fc.integer({ min: NOW + 1, max: NOW + 9 * 365 * 86_400_000 })),
    tier: fc.nat(20),
    condition: fc.constantFrom('z_score', 'scan', 'manual', 'import'),
    reason: fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 80 })),
  })
  .map((some): ActiveBan => {
    const rest = {
      sinceMs: NOW - 1000,
      enforced: true,
      actor: 'policy',
      auditId: 1,
      confirmed: true,
      numbers: null,
    } as const;
    return { ...rest, ...some };
  });
const bans = fc.array(ban, { maxLength: 30 });

test('JSON keeps target, end, tier, condition and reason to the letter', () => {
  fc.assert(
    fc.property(bans, (some) => {
      const list = parseList(formatJson(some));
      assert.deepEqual(list.problems, []);
      assert.deepEqual(
        list.bans.map(({ target, forMs, untilMs, tier, condition, reason }) => [
          target,
          forMs === null ? null : untilMs,
          tier,
          condition,
          reason,
        ]),
        some.map(({ client: target, untilMs, tier, condition, reason }) => [target, untilMs, tier, condition, reason]),
      );
    }),
  );
});

test('CrowdSec CSV keeps target and what is left to the second, the end for good, and the reason', () => {
  fc.assert(
    fc.property(bans, (some) => {
      const list = parseList(formatDecisions(some, NOW));
      assert.deepEqual(list.problems, []);
      assert.deepEqual(
        list.bans.map(({ target, forMs }) => [target, forMs]),
        some.map(({ client: target, untilMs }) => [
          target,
          untilMs === null ? null : Math.ceil((untilMs - NOW) / 1000) * 1000,
        ]),
      );
      for (const [index, { reason, condition }] of some.entries()) {
        assert.equal(list.bans[index]?.reason, (reason || `zban/${condition}`).trim() || undefined);
      }
    }),
  );
});

test('a plain list keeps the targets', () => {
  fc.assert(
    fc.property(bans, (some) => {
      const { bans: read, problems } = parseList(formatPlain(some), 'plain');
      assert.deepEqual(problems, []);
      assert.deepEqual(
        read.map(({ target }) => target),
        some.map((one) => one.client),
      );
    }),
  );
});

test('CSV gives back any fields, and reads any text', () => {
  const field = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\r', ' '));
  const record = fc.array(field, { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 10 }), fc.constantFrom('\n', '\r\n'), (records, end) => {
      const text = records.map((fields) => fields.map(formatCsvField).join(',')).join(end);
      assert.deepEqual(
        parseCsv(text).map(({ fields }) => fields),
        records,
      );
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseCsv(text)));
  assert.deepEqual(parseCsv('a,"b\nc"\n\nd,e'), [
    { line: 1, fields: ['a', 'b\nc'] },
    { line: 4, fields: ['d', 'e'] },
  ]);
});

test('whatever a list holds, reading it ends in bans that may be asked for', () => {
  fc.assert(
    fc.property(fc.constantFrom('plain', 'crowdsec', 'fail2ban'), fc.string({ unit: 'binary' }), (format, text) => {
      for (const { target } of parseList(text, format).bans) assert.ok(parsePrefix(target));
    }),
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.dictionary(fc.constantFrom('ip', 'until', 'value', 'decisions'), fc.jsonValue()), fc.jsonValue()),
      ),
      (value) => {
        for (const { target } of parseList(JSON.stringify(value), 'json').bans) assert.ok(parsePrefix(target));
      },
    ),
  );
});
