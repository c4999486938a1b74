/** A judgement for every condition, as the engine would tell it. */
import type { Condition } from '../../src/model/event.ts';
import type { BanEvent, Evidence } from '../../src/model/told-event.ts';

/** A network's is of what its clients did together. */
type Judgement = Evidence & Pick<BanEvent, 'swarm'>;

const WINDOW: Evidence = {
  condition: 'multiplier',
  rate: 5.2,
  mean: 0.7,
  stddev: 0.55,
  z: 8.18,
  multiple: 7.43,
  limit: 3.5,
  requests: 330,
  errors: 33,
  error_ratio: 0.1,
  baseline_error_ratio: 0.03,
  window_seconds: 60,
  span_seconds: 60,
  baseline_of: 'client',
  samples: [{ time: '2026-11-20T10:11:12Z', method: 'GET', path: '/login?a=1', status: 401, user_agent: 'curl/8.5.0' }],
};

const MORE: Readonly<Partial<Record<Condition, Partial<Judgement>>>> = {
  error_surge: { errors: 201, error_ratio: 0.61, limit: 1 },
  warmup_ceiling: { requests: 301, rate: 301 / 60, limit: 5, errors: 0, span_seconds: 14 },
  scan: {
    ...{ requests: 40, rate: 40 / 60, errors: 38, error_ratio: 0.95, span_seconds: 12 },
    ...{ points: 12.42, points_limit: 12, points_leak: 1.2 },
  },
  brute_force: {
    ...{ requests: 9, rate: 9 / 60, errors: 0, error_ratio: 0, span_seconds: 5 },
    ...{ points: 8, points_limit: 7, points_leak: 1.3 },
  },
  scrape: {
    ...{ requests: 79, rate: 70 / 60, errors: 1, error_ratio: 1 / 79 },
    ...{ points: 30.02, points_limit: 30, points_leak: 7 },
  },
  swarm: {
    swarm: {
      ...{ requests: 5120, clients: 4980, seconds: 60, rate: 85.3, coverage: 0.96, networks: 1 },
      backtest: { hours: 168, clients: 41_000, clients_matched: 0, requests: 900_000, requests_matched: 0 },
    },
  },
  flood: {
    ...{ requests: 460, rate: 460 / 60, errors: 0, error_ratio: 0, span_seconds: 9 },
    ...{ points: 45.02, points_limit: 45, points_leak: 6 },
  },
};

export function evidenceOf(condition: Condition, changes: Partial<Evidence> = {}): Judgement {
  return { ...WINDOW, condition, ...MORE[condition], ...changes };
}
