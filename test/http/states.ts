/** The states in which the dashboard is looked at. */
import type { LiveLane } from '../../src/model/live-lane.ts';
import { fleetHost, NOW_MS } from './examples.ts';
import { decisions, manyBans, type Scene } from './scenes.ts';

const few = manyBans(38, NOW_MS);
const many = manyBans(10_000, NOW_MS);
const observed = manyBans(12, NOW_MS, false);
const attack = {
  verdict: 'attack',
  condition: 'site_clients',
  since: '2026-11-20T09:34:00Z',
  peak_rate: 160,
  peak_measured: 4100,
  ongoing: true,
} as const;
const LANE: LiveLane = {
  id: 'l-7f3a',
  action: 'hold',
  match: {
    user_agent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36',
    path: '/search*',
    referer: 'absent',
  },
  enforced: true,
  actor: 'policy',
  since: '2026-11-20T09:35:00Z',
  until: '2026-11-21T09:35:00Z',
  kept: false,
  usual_rate: 0.4,
  state: 'open',
  message: '',
  proof: {
    surplus: 5120,
    clients: 4100,
    seconds: 60,
    coverage: 0.96,
    rate: 85,
    backtest: { hours: 24, clients: 41_000, clients_matched: 3, requests: 1_400_000, requests_matched: 9 },
  },
};
const warming = {
  state: 'warming_up',
  baseline: null,
  top_clients: [],
  clients: 0,
  log_lag_seconds: null,
  lines_total: 0,
  skipped: {},
  discarded: {},
  bans_total: 0,
  unbans_total: 0,
  refused_total: 0,
  uptime_seconds: 41,
} as const;

/** Each is shown by the tests in every theme and width. */
export const STATES: Readonly<
  Record<'normal' | 'attack' | 'many' | 'observe' | 'empty' | 'starting' | 'trouble', Scene>
> = {
  normal: { bans: few, recent: decisions(few, NOW_MS) },
  attack: {
    bans: many.slice(0, 412),
    recent: decisions(many, NOW_MS),
    lanes: [LANE],
    attackMinutes: 37,
    status: { incident: attack, global_anomaly: true, clients: 4212, bans_total: 1391, unbans_total: 979 },
  },
  many: {
    bans: many,
    recent: decisions(many, NOW_MS),
    status: { bans_total: 48_211, unbans_total: 38_211, refused_total: 1204 },
    fleetHosts: [
      fleetHost({ bans: 10_000 }),
      fleetHost({ host: 'web-2', bans: 8200, lag_seconds: 4.2 }),
      fleetHost({ host: 'web-3', mode: 'observe', bans: 0, live: false, silent_seconds: 340 }),
    ],
  },
  observe: { bans: observed, recent: decisions(observed, NOW_MS), status: { mode: 'observe' } },
  empty: { traffic: false, status: warming },
  starting: {
    traffic: false,
    status: {
      ...warming,
      state: 'starting',
      logs: [],
      warm_start: { share: 0.42, lines: 3_100_000, lines_per_second: 310_000, seconds_left: 14 },
    },
  },
  trouble: {
    bans: few,
    recent: decisions(few, NOW_MS),
    status: {
      state: 'trouble',
      fuse_tripped: true,
      fuse_until: '2026-11-20T10:21:12Z',
      troubles: [
        `the log /var/log/nginx/${'a-long-name/'.repeat(8)}access.log cannot be read: EACCES`,
        'Slack refuses messages: HTTP 404',
      ],
    },
  },
};
