/** States of the dashboard, as tests and screenshots show them: a made-up site, addresses for documentation only. */
import { everySecond } from '../../src/daemon/every-second.ts';
import type { Explanation } from '../../src/http/explanation.ts';
import type { HttpServerOptions } from '../../src/http/server.ts';
import type { ActiveBan, AuditEntry } from '../../src/model/audit.ts';
import type { FleetHost } from '../../src/model/fleet.ts';
import type { LiveLane } from '../../src/model/live-lane.ts';
import type { Status } from '../../src/model/status.ts';
import { TRAFFIC_RANGES, type TrafficMark, type TrafficRange, type TrafficStep } from '../../src/model/traffic.ts';
import { status } from '../support/status.ts';
import { activeBan, auditEntry, fleetReport, fleetStatus } from './examples.ts';

export interface Scene {
  readonly status?: Partial<Status>;
  readonly bans?: readonly ActiveBan[];
  readonly recent?: readonly AuditEntry[];
  readonly traffic?: boolean;
  /** An attack that began so many minutes ago. */
  readonly attackMinutes?: number;
  readonly explanation?: Explanation;
  readonly lanes?: readonly LiveLane[];
  readonly fleetHosts?: readonly FleetHost[];
}

/** Always the same numbers between 0 and 1. */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

const MINUTE_MS = 60_000;
const CONDITIONS = ['scan', 'scan', 'scan', 'brute_force', 'scrape', 'flood', 'error_surge'];

export function manyBans(count: number, nowMs: number, enforced = true): ActiveBan[] {
  const random = numbersFrom(7);
  return Array.from({ length: count }, (_, index) => {
    const [a, b] = [Math.floor(random() * 256), Math.floor(random() * 65_536).toString(16)];
    const nets = ['203.0.113', '198.51.100', '192.0.2'];
    const client =
      index % 5 === 4
        ? `2001:db8:${b}:${(index % 65_536).toString(16)}::/64`
        : `${nets[index % 3]}.${(a + index) % 256}`;
    const unique =
      index >= 200 && index % 5 !== 4 ? `10.${Math.floor(index / 7000)}.${(index >> 5) % 256}.${index % 256}` : client;
    const sinceMs = nowMs - Math.floor(index * 4000 + random() * 4000);
    const tier = 1 + Math.floor(random() * 4);
    const untilMs =
      tier === 4 ? null : nowMs + Math.floor(random() * ([600, 1800, 7200][tier - 1] ?? 0) * 1000) + 20_000;
    const condition = CONDITIONS[Math.floor(random() * CONDITIONS.length)] ?? 'scan';
    return activeBan({
      client: unique,
      condition,
      tier,
      sinceMs,
      untilMs,
      enforced,
      confirmed: enforced && index % 97 !== 3,
      auditId: index + 1,
    });
  });
}

/** Requests a second at a time of the day and week: a shop's visitors, most in the evening. */
function usualRate(ms: number): number {
  const [hour, day] = [(ms / 3_600_000) % 24, new Date(ms).getUTCDay()];
  const hump = (at: number, width: number) => Math.exp(-((((hour - at + 36) % 24) - 12) ** 2) / width);
  const daily = 0.14 + 0.62 * hump(11, 16) + 0.9 * hump(19.5, 14);
  return 4 + 44 * daily * (day === 0 || day === 6 ? 0.7 : 1);
}

function stepsOf(range: TrafficRange, nowMs: number, attackMinutes: number | undefined): (TrafficStep | undefined)[] {
  const { seconds, stepSeconds } = TRAFFIC_RANGES[range];
  const count = seconds / stepSeconds;
  const from = (Math.floor(nowMs / 1000 / stepSeconds) - count + 1) * stepSeconds;
  const random = numbersFrom(stepSeconds);
  return Array.from({ length: count }, (_, index) => {
    const ms = (from + index * stepSeconds) * 1000;
    const ageMinutes = (nowMs - ms) / MINUTE_MS;
    if (index === count - 1 || (range === '7d' && ageMinutes > 8100 && ageMinutes < 8500)) return undefined;
    const mean = usualRate(ms - 900_000);
    const attack = attackMinutes !== undefined && ageMinutes < attackMinutes ? mean * (2.6 + random()) : 0;
    const counted = usualRate(ms) * (0.9 + random() * 0.22) + attack;
    const noon = Math.exp(-(((ageMinutes % 1440) - 610) ** 2) / 800);
    const refused = (counted - attack) * (0.02 + random() * 0.02 + noon * 0.2) + attack * 0.3;
    const p50 = 0.021 + random() * 0.006 + attack / 4000;
    return {
      requests: counted * 4.4,
      counted,
      refused,
      failed: random() < 0.03 ? counted * 0.06 : 0.01,
      banned: attack * 0.2,
      bans: Math.floor(random() ** 9 * 12 + noon * 5 + (attack > 0 ? 30 * random() : 0)),
      mean,
      stddev: 1.5 + mean * 0.09,
      times: [p50, p50 * (4 + random()), p50 * (11 + random() * 6)],
    };
  });
}

function marksOf(nowMs: number, attackMinutes: number | undefined): TrafficMark[] {
  return [
    { kind: 'start', timeMs: nowMs - 8080 * MINUTE_MS, text: '' },
    { kind: 'incident', timeMs: nowMs - 3100 * MINUTE_MS, endMs: nowMs - 3020 * MINUTE_MS, text: 'site_requests' },
    { kind: 'annotation', timeMs: nowMs - 640 * MINUTE_MS, text: 'deploy 1.4.2' },
    { kind: 'annotation', timeMs: nowMs - 41 * MINUTE_MS, text: 'deploy 1.4.3' },
    ...(attackMinutes === undefined
      ? []
      : [{ kind: 'incident' as const, timeMs: nowMs - attackMinutes * MINUTE_MS, text: 'site_clients' }]),
  ];
}

const EXPLANATION: Explanation = {
  client: '203.0.113.250',
  title: '203.0.113.250 is banned until 2026-11-20 10:21:01 (in 9m 49s).',
  facts: [
    { label: 'Who', text: 'AS64500 Example Hosting, NL · rDNS vm-250.example.net (unconfirmed)' },
    { label: 'Decision', text: '2026-11-20 10:11:01 (11s ago) zban banned 203.0.113.250 for 10m, tier 1 (entry #2).' },
    {
      label: 'Why',
      text: 'probing for what is not there (scan). It sent 15 requests in 1 s, 15 of them refused (4xx). That is 13.2 points; the limit is 12.',
    },
    {
      label: 'Normal',
      text: '0.02 ± 0.01 requests/s from a client, 0 % of them refused (4xx); below the minimum, which counts: 0.10 ± 0.10, 10 %.',
    },
    {
      label: 'Requests',
      lines: [
        '10:11:00  404  GET /.env                               curl/8',
        `10:11:01  404  GET /${'very-long-path/'.repeat(14)}phpinfo.php  Mozilla/5.0`,
      ],
    },
    {
      label: 'Next',
      text: 'It ends by itself 2026-11-20 10:21:01 (in 9m 49s). The next offence means a ban of 30m (tier 2); every 7d without a ban takes a tier off.',
    },
    { label: 'Undo', lines: ['zban unban 203.0.113.250'] },
    { label: 'Never ban', lines: ['zban allow 203.0.113.250'] },
  ],
  timeline: [],
  isBanned: true,
  isAllowed: false,
};

function topClients(): Status['top_clients'] {
  const names = [
    '203.0.113.9',
    '2001:db8:12:7::/64',
    '198.51.100.77',
    '192.0.2.14',
    '2001:db8:85a3:8d3::/64',
    '203.0.113.71',
    '198.51.100.3',
    '192.0.2.200',
    '203.0.113.118',
    '198.51.100.42',
  ];
  return names.map((name, index) => ({
    name,
    requests: Math.round(412 / (1 + index * 0.7)),
    share: 0.179 / (1 + index * 0.7),
  }));
}

/** What a server needs to show a scene; `nowMs` is the time it shows. */
export function serve(scene: Scene, nowMs: number): Omit<HttpServerOptions, 'listen'> {
  const bans = scene.bans ?? [];
  const recent = scene.recent ?? [];
  const random = numbersFrom(3);
  const level = { mean: usualRate(nowMs), stddev: 4.1 };
  const hasTraffic = scene.traffic ?? true;
  const rateNow = () =>
    hasTraffic ? usualRate(nowMs) * (0.9 + random() * 0.2) * (scene.attackMinutes === undefined ? 1 : 3.7) : 0;
  return {
    log: () => {},
    everySecond,
    probes: { findStall: () => undefined, findUnready: () => undefined },
    rate: () => (scene.status?.state === 'starting' ? null : rateNow()),
    status: () => {
      const rate = rateNow();
      const base = status();
      const baseline = base.baseline && {
        ...base.baseline,
        site: level,
        learned: { ...base.baseline.learned, site: level },
      };
      const active = bans.filter(({ enforced }) => enforced).length;
      const rates = { counted_rate: rate, counted_rate_last: rate, site_rate: rate * 4.4, site_rate_last: rate * 4.4 };
      return status({
        baseline,
        top_clients: topClients(),
        active_bans: active,
        observed_bans: bans.length - active,
        ...rates,
        ...(scene.fleetHosts && { fleet: fleetStatus() }),
        ...scene.status,
      });
    },
    bans: (limit) => bans.slice(0, limit),
    recent: (limit) => recent.slice(0, limit),
    decisions: (limit) => recent.slice(0, limit),
    lanes: () => scene.lanes ?? [],
    fleet: async () => scene.fleetHosts && fleetReport(scene.fleetHosts),
    traffic: {
      series: (range, atMs) => ({
        stepSeconds: TRAFFIC_RANGES[range].stepSeconds,
        fromSecond:
          (Math.floor(atMs / 1000 / TRAFFIC_RANGES[range].stepSeconds) -
            TRAFFIC_RANGES[range].seconds / TRAFFIC_RANGES[range].stepSeconds +
            1) *
          TRAFFIC_RANGES[range].stepSeconds,
        steps: hasTraffic
          ? stepsOf(range, atMs, scene.attackMinutes)
          : Array(TRAFFIC_RANGES[range].seconds / TRAFFIC_RANGES[range].stepSeconds).fill(undefined),
        marks: hasTraffic ? marksOf(atMs, scene.attackMinutes) : [],
      }),
      usualHours: () =>
        Array.from({ length: 168 }, (_, hour) => {
          const rate = usualRate(Date.UTC(2024, 0, 1, hour, 30)) * (0.93 + random() * 0.14);
          return hasTraffic && hour !== 61 && hour !== 62 ? { rate, refusedShare: 0.02 + random() * 0.03 } : undefined;
        }),
    },
    explain: async (subject) =>
      /^[\da-f.:/#]+$/i.test(subject)
        ? (scene.explanation ?? {
            ...EXPLANATION,
            client: subject,
            timeline: recent.slice(0, 3).map(({ id, timeMs }) => ({
              id,
              time: timeMs,
              label: 'banned',
              tone: 'bad',
              client: subject,
              text: 'probing for what is not there (13.2 points of 12)',
              actor: 'policy',
            })),
          })
        : undefined,
    who: (networks) =>
      networks.map((name) =>
        name.startsWith('203.0.113')
          ? 'AS64500 Example Hosting, NL'
          : name.startsWith('2001')
            ? 'AS64511 Example Telecom with a long name, BR'
            : '',
      ),
    now: () => nowMs,
  };
}

/** Decisions for the list beside the bans, newest first. */
export function decisions(bans: readonly ActiveBan[], nowMs: number): AuditEntry[] {
  const numbers = { points: 13.2, points_limit: 12, rate: 0.7, error_ratio: 0.81, baseline_error_ratio: 0.03 };
  const policy = bans.slice(0, 26).map((ban) =>
    auditEntry({
      timeMs: ban.sinceMs,
      client: ban.client,
      condition: ban.condition,
      tier: ban.tier,
      enforced: ban.enforced,
      numbers,
      detail: '',
    } as Partial<AuditEntry>),
  );
  const base = auditEntry();
  const other = (change: object): AuditEntry =>
    ({ ...base, tier: null, durationSeconds: null, condition: null, numbers: null, ...change }) as AuditEntry;
  const because = 'allowlist: 192.0.2.0/24';
  const rest = [
    other({
      timeMs: nowMs - 9000,
      actor: 'operator:alice',
      action: 'unban',
      client: '198.51.100.23',
      detail: 'customer called: their office scans its own shop',
    }),
    other({
      timeMs: nowMs - 31_000,
      action: 'refused',
      client: '192.0.2.80',
      condition: 'flood',
      numbers: { reason: 'allowlist', because, points: 400, points_limit: 300 },
      detail: because,
    }),
    other({
      timeMs: nowMs - 40_000,
      actor: 'system',
      action: 'unban',
      client: '2001:db8:1234:5678::/64',
      detail: 'expired',
    }),
  ];
  const sorted = [...policy, ...rest].sort((a, b) => b.timeMs - a.timeMs);
  return sorted.map((entry, index) => ({ ...entry, id: 900 - index }));
}
