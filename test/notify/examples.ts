import type { Notification } from '../../src/model/notification.ts';
import type { BanEvent, GlobalAnomalyEnd, GlobalAnomalyStart, LaneEvent } from '../../src/model/told-event.ts';
import { evidenceOf } from '../support/evidence.ts';

export const banEvent = (change: Partial<BanEvent> = {}): BanEvent => ({
  event: 'ban',
  time: '2026-11-20T10:11:12Z',
  ip: '203.0.113.9',
  ...evidenceOf(change.condition ?? 'multiplier'),
  tier: 1,
  duration_seconds: 600,
  ...change,
});

export const ban = (change: Partial<BanEvent> = {}, enforced = true, confirmed = true): Notification => ({
  kind: 'ban',
  event: banEvent(change),
  enforced,
  confirmed,
});

/** Refused requests for paths, from the log. */
export const probes = (...paths: readonly string[]): BanEvent['samples'] =>
  paths.map((path) => ({ time: '2026-11-20T10:11:12Z', method: 'GET', path, status: 404, user_agent: 'probe/1.0' }));

export const order = (change: Partial<Extract<Notification, { kind: 'order' }>> = {}): Notification => ({
  ...{ kind: 'order', time: '2026-11-20T10:11:12Z', action: 'ban', target: '203.0.113.9', operator: 'root' },
  ...{ reason: '', enforced: true, confirmed: true },
  ...change,
});

const SURGE = {
  event: 'global_anomaly',
  condition: 'site_newcomers',
  mean: 40,
  stddev: 12,
  usual: 9,
  limit: 67,
  verdict: 'attack',
  since: '2026-11-20T10:10:58Z',
} as const;

export const anomaly = (change: Partial<GlobalAnomalyStart> = {}): Notification => ({
  kind: 'global_anomaly',
  event: {
    ...SURGE,
    phase: 'start',
    time: '2026-11-20T10:11:12Z',
    rate: 420,
    peak_rate: 431.2,
    peak_measured: 1206,
    z: 31.7,
    multiple: 10.5,
    measured: 1206,
    detail: 'looks like a distributed attack: 0 % are for static files (usually 55 %)',
    top_clients: [{ name: '203.0.113.9', requests: 9000, share: 0.36 }],
    top_prefixes: [{ name: '203.0.113.0/24', requests: 1500, share: 0.6, usual_share: 0.004 }],
    top_paths: [{ name: '/search?q=`<!channel>`', requests: 1980, share: 0.99, usual_share: 0.03 }],
    top_user_agents: [{ name: 'python-requests/2.31', requests: 1500, share: 0.75, usual_share: null }],
    new_client_share: 0.82,
    usual_new_client_share: 0.09,
    ...change,
  },
});

const LANE = {
  event: 'lane',
  id: 'tovg3s-1',
  action: 'hold',
  time: '2026-11-20T10:11:12Z',
  match: { user_agent: 'Bot/1.0 `<!channel>`', referer: 'absent' },
} as const satisfies Partial<LaneEvent>;

export const lane = (change: Partial<Extract<Notification, { kind: 'lane' }>> = {}): Notification => ({
  kind: 'lane',
  event: {
    ...LANE,
    ...{ phase: 'start', opened: true, surplus: 5120, clients: 4980, seconds: 60, coverage: 0.96, rate: 85 },
    ...{ usual_rate: 0.2 },
    backtest: { hours: 24, clients: 41_000, clients_matched: 3, requests: 900_000, requests_matched: 5 },
  },
  enforced: true,
  ...change,
});

export const laneEnd: Notification = {
  kind: 'lane',
  event: { ...LANE, phase: 'end', time: '2026-11-20T10:31:12Z', duration_seconds: 1200, requests: 70_123 },
  enforced: true,
};

export const laneOrder = (change: Partial<Extract<Notification, { kind: 'lane_order' }>> = {}): Notification => ({
  ...{ kind: 'lane_order', time: '2026-11-20T10:11:12Z', phase: 'open', id: 'tomu3c-m1', action: 'deny' },
  ...{ match: LANE.match, operator: 'root', detail: 'hammers the search', enforced: true },
  ...change,
});

export const anomalyEnd = (change: Partial<GlobalAnomalyEnd> = {}): Notification => ({
  kind: 'global_anomaly',
  event: {
    ...SURGE,
    phase: 'end',
    time: '2026-11-20T10:22:31Z',
    rate: 41,
    z: 0.1,
    multiple: 1,
    measured: 8,
    duration_seconds: 608,
    peak_rate: 512.3,
    peak_measured: 1377,
    extra_requests: 230_400,
    bans: 3,
    ...change,
  },
});

export const unban = (ip: string): Notification => ({
  kind: 'unban',
  time: '2026-11-20T10:21:12Z',
  ip,
  tier: 1,
  reason: 'expired',
});

export const fuse: Notification = {
  kind: 'fuse',
  event: {
    event: 'fuse',
    phase: 'tripped',
    until: '2026-11-20T10:21:12Z',
    time: '2026-11-20T10:11:12Z',
    reason: 'max_per_minute',
    detail: '101 bans within a minute, 100 are allowed',
  },
};

export const trouble: Notification = {
  kind: 'trouble',
  time: '2026-11-20T10:11:12Z',
  what: 'iptables-restore failed: <lock> held',
  key: 'firewall',
  fix: 'see which program holds it: lsof /run/xtables.lock',
};
