/** Whatever comes, in whatever order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineLedger } from '../../src/decide/engine-ledger.ts';
import { clientPrefix } from '../../src/net/client-key.ts';
import { prefixesOverlap } from '../../src/net/prefix.ts';
import type { BanOptions } from '../../src/settings/engine-settings.ts';
import { ENGINE } from '../support/engine.ts';
import fc from '../support/fast-check.ts';
import { keyOf, prefixOf } from '../support/keys.ts';

const NOW = 1_767_225_600;
const DAY = 86_400;
const MANY = 1_000_000;

const ledgerWith = (options: Partial<BanOptions> = {}) =>
  new EngineLedger({ ...ENGINE.bans, ...options }, ENGINE.detection);

const network = fc.oneof(
  fc.tuple(fc.nat(7), fc.integer({ min: 24, max: 32 })).map(([host, bits]) => prefixOf(`192.0.2.${host}/${bits}`)),
  fc.tuple(fc.nat(7), fc.integer({ min: 30, max: 128 })).map(([net, bits]) => prefixOf(`2001:db8:0:${net}::1/${bits}`)),
);
const client = fc.oneof(
  fc.nat(7).map((host) => keyOf(`192.0.2.${host}`)),
  fc.nat(7).map((net) => keyOf(`2001:db8:0:${net}::5`)),
);
const step = fc.record({
  kind: fc.constantFrom('decide', 'decide', 'decide', 'release', 'expire', 'operator'),
  client,
  seconds: fc.oneof(fc.nat(30), fc.nat(20 * DAY)),
});

test('no sequence of events ever bans an allowlisted client', () => {
  fc.assert(
    fc.property(fc.array(network, { maxLength: 4 }), fc.array(step, { maxLength: 60 }), (networks, steps) => {
      const ledger = ledgerWith({ max_per_minute: 20, max_active: 5 });
      ledger.setNeverBanned(networks.map((prefix) => ({ prefix, kind: 'allowlist', because: '' })));
      let now = NOW;
      for (const { kind, client, seconds } of steps) {
        now += seconds;
        ledger.fuse.advance(now);
        if (kind === 'release') ledger.release(client, now);
        else if (kind === 'expire') ledger.expire(now);
        // An operator may ban whom they like; that is no decision of the ledger, and leads to none.
        else if (kind === 'operator') ledger.set({ ...client, tier: 0, until: now + 60, lastEnd: now + 60 });
        else {
          const decision = ledger.decide(client, now, MANY, true);
          const own = clientPrefix(client.high, client.low, ENGINE.detection);
          const allowed = networks.some((prefix) => prefixesOverlap(prefix, own));
          if (allowed) assert.deepEqual(decision, { kind: 'refused', reason: 'allowlist', because: '' });
          assert.ok(ledger.active <= 16);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('the number of bans in force is that of the offenders with a ban', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ledger = ledgerWith();
      let now = NOW;
      for (const { kind, client, seconds } of steps) {
        now += seconds;
        ledger.fuse.advance(now);
        const ended = ledger.expire(now);
        for (const offender of ended) assert.ok(offender.lastEnd <= now && offender.until === 0);
        if (kind === 'release') ledger.release(client, now);
        else if (kind === 'operator') ledger.set({ ...client, tier: 0, until: now + 60, lastEnd: now + 60 });
        else if (kind === 'decide') ledger.decide(client, now, MANY, true);
        let active = 0;
        for (let n = 0; n < 8; n++) {
          for (const key of [keyOf(`192.0.2.${n}`), keyOf(`2001:db8:0:${n}::5`)]) {
            const until = ledger.find(key)?.until ?? 0;
            assert.ok(until === 0 || until > now, 'no ban outlives its end');
            if (until > 0) active++;
          }
        }
        assert.equal(ledger.active, active);
      }
    }),
    { numRuns: 200 },
  );
});
