import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Bans } from '../../src/daemon/bans/bans.ts';
import { Incidents } from '../../src/daemon/reports/incidents.ts';
import type { EnforcementResult } from '../../src/enforce/outcome.ts';
import type { Notification } from '../../src/model/notification.ts';
import type { BanEvent, RefusedEvent } from '../../src/model/told-event.ts';
import type { TrailWriter } from '../../src/record/chain/trail-writer.ts';
import { openDatabase, type RecordDatabase } from '../../src/record/database/database.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import type { Call } from '../../src/record/thread/call.ts';
import { AuditTrail } from '../../src/record/trail/audit-trail.ts';
import { writeDirectly } from '../support/direct-writer.ts';
import { temporaryFolder } from '../support/folder.ts';

export const T0 = Date.UTC(2026, 10, 20, 10, 11, 12);

const NUMBERS = {
  condition: 'multiplier',
  rate: 5.2,
  mean: 0.7,
  stddev: 0.55,
  z: 8.2,
  multiple: 7.4,
  limit: 3.5,
  requests: 312,
  errors: 3,
  error_ratio: 0.01,
  baseline_error_ratio: 0.03,
  window_seconds: 60,
  span_seconds: 60,
  baseline_of: 'client',
  samples: [],
} as const;

/** A first ban of ten minutes at T0. */
export function banEvent(ip: string, changes: Partial<BanEvent> = {}): BanEvent {
  const time = new Date(T0).toISOString();
  return { event: 'ban', time, ip, tier: 1, duration_seconds: 600, ...NUMBERS, ...changes };
}

export function refusedEvent(ip: string): RefusedEvent {
  const time = new Date(T0).toISOString();
  return { event: 'refused', time, ip, reason: 'allowlist', detail: 'allowlist: 192.0.2.0/24', ...NUMBERS };
}

/** Turns of the event loop until a slow disk has written. */
const SLOW_TURNS = 30;

/** Writes as a disk does that takes its time. */
function writeSlowly(database: RecordDatabase): Call<TrailWriter> {
  const write = writeDirectly(database);
  return (method, argument, done) => {
    let turns = SLOW_TURNS;
    const turn = () => void (turns-- > 0 ? setImmediate(turn) : write(method, argument, done));
    turn();
  };
}

function openTrail(t: TestContext, isSlow: boolean): { trail: AuditTrail; database: RecordDatabase } {
  const database = openDatabase(join(temporaryFolder(t), 'zban.db'), { busyTimeoutMs: 100 });
  t.after(() => database.close());
  const gate = new WriteGate(database.path, () => 0);
  return {
    database,
    trail: new AuditTrail({
      database,
      gate,
      configVersion: '0123456789ab',
      writer: isSlow ? writeSlowly(database) : writeDirectly(database),
    }),
  };
}

/** Bans on a trail of their own. `steps` tells what was done, in order: rows as `row ACTION CLIENT DETAIL`. */
export function makeBans(
  t: TestContext,
  enforce = true,
  reconcile?: () => Promise<void>,
  now?: () => number,
  isDiskSlow = false,
) {
  const { trail, database } = openTrail(t, isDiskSlow);
  const clock = { nowMs: T0 };
  const steps: string[] = [];
  const told: Notification[] = [];
  const bans = new Bans({
    trail,
    enforce,
    now: now ?? (() => clock.nowMs),
    reconcile: reconcile ?? (async () => void steps.push('reconcile')),
    notify: (notifications) => {
      told.push(...notifications);
      for (const one of notifications) steps.push(`notify ${one.kind}`);
    },
    tell: (entries) => {
      for (const { action, client, detail } of entries) steps.push(`row ${action} ${client} ${detail}`.trim());
    },
    incidents: new Incidents(undefined),
  });
  /** The steps since the last call. */
  const since = () => steps.splice(0);
  return { bans, trail, database, clock, told, since };
}

export function answer(changes: Partial<EnforcementResult>): EnforcementResult {
  return { confirmed: [], released: [], failed: [], ...changes };
}
