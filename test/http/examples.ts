import type { ActiveBan, AuditEntry } from '../../src/model/audit.ts';
import type { FleetHost, FleetReport, FleetStatus } from '../../src/model/fleet.ts';
import { type RowChanges, rowDraft } from '../support/rows.ts';

export const NOW_MS = Date.parse('2026-11-20T10:11:12Z');

export const activeBan = (change: Partial<ActiveBan> = {}): ActiveBan => ({
  client: '203.0.113.9',
  condition: 'multiplier',
  tier: 1,
  sinceMs: NOW_MS - 120_000,
  untilMs: NOW_MS + 480_000,
  enforced: true,
  actor: 'policy',
  reason: 'multiplier',
  auditId: 7,
  confirmed: true,
  numbers: { rate: 5.2, mean: 0.7, stddev: 0.55, z: 8.18, multiple: 7.43, samples: ['not shown'] },
  ...change,
});

export const auditEntry = ({ id = 1, ...change }: RowChanges & { readonly id?: number } = {}): AuditEntry => ({
  id,
  configVersion: '1f2e3d4c5b6a',
  hash: '0'.repeat(64),
  ...rowDraft({
    timeMs: NOW_MS,
    actor: 'policy',
    action: 'ban',
    client: '203.0.113.9',
    condition: 'multiplier',
    numbers: { rate: 5.2, multiple: 7.43 },
    tier: 1,
    durationSeconds: 600,
    enforced: true,
    detail: 'first offence',
    ...change,
  }),
});

export const fleetStatus = (change: Partial<FleetStatus> = {}): FleetStatus => ({
  name: 'shop',
  host: 'web-1',
  share: ['bans', 'counts'],
  state: 'connected',
  since: '2026-11-20T09:11:12Z',
  hosts: 2,
  clock_ahead_seconds: -0.2,
  ...{ waiting: 3, watched: 7, bytes_total: 4096, bytes_per_second: 400 },
  ...{ counts_sent: 50, counts_left_out: 4, counts_dropped: 2, unknown_entries: 5, unheard_entries: 6 },
  ...change,
});

export const fleetHost = (change: Partial<FleetHost> = {}): FleetHost => ({
  host: 'web-1',
  version: '0.2.0',
  mode: 'enforce',
  silent_seconds: 0,
  live: true,
  lag_seconds: 0,
  bans: 3,
  pending: 0,
  watched: 7,
  bytes_per_second: 400,
  clock_ahead_seconds: -0.2,
  ...change,
});

export const fleetReport = (hosts: readonly FleetHost[]): FleetReport => ({ status: fleetStatus(), hosts });
