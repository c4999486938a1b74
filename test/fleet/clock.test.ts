/** A host whose clock is off, or is set while it runs: times in the fleet are the server's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { Fleet } from '../../src/daemon/fleet/fleet.ts';
import { Troubles } from '../../src/daemon/troubles.ts';
import { clockDraft } from '../../src/record/row/row.ts';
import { makeBans } from '../daemon/fixtures.ts';
import { until } from '../support/daemon.ts';
import { redisSkip } from '../support/redis.ts';
import { joinLink, keys, start } from './servers.ts';

test('a clock that is off is reported, and times in the fleet are the server’s', { skip: redisSkip() }, async (t) => {
  const redis = await start(t);
  // What it saves at the end needs the database, which is closed after it.
  t.after(() => fleet.stop());
  const { trail, bans } = makeBans(t);
  const begun: string[] = [];
  const troubles = new Troubles({ log: () => {} });
  troubles.tell({ onBegin: ({ what }) => begun.push(what), onEnd: () => {} });
  const clock = { behindMs: 60_000 };
  const config = configSchema.parse({ mode: 'enforce', fleet: { url: redis.url, name: 'shop', host: 'web-1' } });
  const fleet = new Fleet({
    ...{ config, fleet: config.fleet as NonNullable<typeof config.fleet>, trail, bans },
    protection: { find: () => undefined },
    pipeline: { send: async () => ({ second: 0, events: [], consumed: [] }) },
    now: () => Date.now() - clock.behindMs,
    reconcile: async () => {},
    allow: async () => {},
    panic: async () => ({ ok: true, message: '', lifted: 0 }),
    findPanic: () => undefined,
    troubles,
  });
  fleet.start();
  await until('it is reported', () => begun.length > 0);
  const [, off] = /^this host's clock is ([\d.]+) s off the fleet's/.exec(begun[0] ?? '') ?? [];
  assert.ok(Math.abs(Number(off) - 60) < 5, begun[0]);
  const about = { actor: 'operator:anna', client: '192.0.2.1', condition: 'manual', numbers: null, tier: 0 } as const;
  const ban = async (client: string) => {
    const decidedMs = Date.now();
    const timeMs = decidedMs - clock.behindMs;
    const draft = {
      ...about,
      client,
      action: 'ban',
      timeMs,
      durationSeconds: 600,
      enforced: true,
      detail: '',
    } as const;
    fleet.note(bans.record([draft]));
    await until('it is in force', () => redis.cli('ZSCORE', keys.active, client) !== '');
    const ends = Number(redis.cli('ZSCORE', keys.active, client));
    assert.ok(Math.abs(ends - decidedMs - 600_000) < 5000, `${ends - decidedMs} ms after the decision`);
  };
  await ban('192.0.2.1');
  for (const byMs of [7_200_000, -3_600_000]) {
    clock.behindMs -= byMs;
    fleet.note(bans.record([clockDraft(Date.now() - clock.behindMs, byMs, 0)]));
    // What is decided before the server is asked again.
    await ban(`192.0.2.${byMs > 0 ? 2 : 3}`);
  }
});

test('an answer that takes long does not make a clock that is right look off', { skip: redisSkip() }, async (t) => {
  const redis = await start(t);
  t.after(() => redis.signal('SIGCONT'));
  const aheads: number[] = [];
  const link = joinLink(
    t,
    { urls: [redis.url] },
    {
      // Before each beat: what the last one has told.
      describe: () => {
        aheads.push(link.aheadMs);
        if (aheads.length === 2) {
          redis.signal('SIGSTOP');
          setTimeout(() => redis.signal('SIGCONT'), 2000);
        }
        return {};
      },
    },
  );
  await until('the slow beat is answered', () => aheads.length > 2);
  // Both clocks are this host's, read in whole milliseconds.
  assert.ok(
    aheads.every((ms) => Math.abs(ms) <= 1),
    aheads.join(),
  );
});
