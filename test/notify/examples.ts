import type { BanEvent, GlobalAnomalyEvent } from '../../src/core/event.ts';
import type { Notification } from '../../src/notify/notification.ts';
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

export const anomaly = (change: Partial<GlobalAnomalyEvent> = {}): Notification => ({
  kind: 'global_anomaly',
  event: {
    event: 'global_anomaly',
    phase: 'start',
    time: '2026-11-20T10:11:12Z',
    condition: 'site_multiplier',
    rate: 420,
    mean: 40,
    stddev: 12,
    z: 31.7,
    multiple: 10.5,
    top_clients: [{ name: '203.0.113.9', requests: 9000, share: 0.36 }],
    top_prefixes: [{ name: '203.0.113.0/24', requests: 15_000, share: 0.6 }],
    top_paths: [{ name: '/search?q=`<!channel>`', requests: 20_000, share: 0.8 }],
    top_user_agents: [{ name: 'python-requests/2.31', requests: 19_000, share: 0.75 }],
    new_client_share: 0.82,
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
    phase: 'blown',
    time: '2026-11-20T10:11:12Z',
    reason: 'max_per_minute',
    detail: '101 bans within a minute, 100 are allowed',
  },
};

export const trouble: Notification = {
  kind: 'trouble',
  time: '2026-11-20T10:11:12Z',
  what: 'iptables-restore failed: <lock> held',
  mend: 'see which program holds it: lsof /run/xtables.lock',
};
