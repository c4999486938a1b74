/** What is told of simulated sites as a whole: floods of many clients, crowds of visitors, and ordinary days. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GlobalAnomalyEnd, GlobalAnomalyStart } from '../../src/model/told-event.ts';
import type { SituationKind } from '../../src/simulate/access-event.ts';
import { parseAttacks } from '../../src/simulate/attacks/plan.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { SiteKind } from '../../src/simulate/site.ts';
import { Judge } from './judge.ts';

/** Monday, 8:00 UTC. */
const START_MS = Date.UTC(2026, 0, 5, 8);
const HOUR_MS = 3_600_000;
const TOLD_WITHIN_MS = 60_000;

interface Told {
  readonly start: GlobalAnomalyStart;
  readonly end: GlobalAnomalyEnd;
  readonly judge: Judge;
  /** Clients of the situation. */
  readonly clients: ReadonlySet<string>;
}

/** Lets the situation happen two hours after the simulation began, for ten minutes; it is told once, in time. */
function tell(kind: SituationKind, site: SiteKind, rateRps: number): Told {
  const atMs = 2 * HOUR_MS;
  const durationMs = 2.6 * HOUR_MS;
  const attacks = parseAttacks(`${kind}@2h+10m`, durationMs);
  assert.ok(typeof attacks !== 'string');
  const judge = new Judge();
  const clients = new Set<string>();
  const events = simulate({ site, rateRps, seed: 4, startMs: START_MS, durationMs, attacks });
  judge.feed(
    (function* () {
      for (const event of events) {
        if (event.from.role === kind) clients.add(event.from.client);
        yield event;
      }
    })(),
  );
  const [start, end, ...more] = judge.anomalies;
  assert.ok(start?.phase === 'start' && end?.phase === 'end' && more.length === 0, JSON.stringify(judge.anomalies));
  const lateMs = Date.parse(start.time) - (START_MS + atMs);
  assert.ok(lateMs >= 0 && lateMs < TOLD_WITHIN_MS, `${lateMs} ms after its start`);
  return { start, end, judge, clients };
}

const PATHS = { distributed: '/search', 'distributed-near': '/', 'distributed-random': '/category/sale' } as const;

const SITES: readonly (readonly [SiteKind, number])[] = [
  ['shop', 12],
  ['blog', 1],
  ['api', 5],
  ['cloud', 3],
];

for (const [site, rateRps] of SITES) {
  for (const kind of ['distributed', 'distributed-near', 'distributed-random'] as const) {
    test(`${kind} on a ${site} of ${rateRps} requests/s looks like an attack for one path`, () => {
      const { start, end, judge } = tell(kind, site, rateRps);
      assert.equal(start.verdict, 'attack', start.detail);
      const [path] = start.top_paths;
      assert.equal(path?.name, PATHS[kind]);
      assert.ok((path?.share ?? 0) > 0.5 && (path?.usual_share ?? 1) < 0.2, JSON.stringify(path));
      assert.ok((start.new_client_share ?? 0) > (start.usual_new_client_share ?? 1));
      assert.ok(Math.abs(end.duration_seconds - 600) < 30, `${end.duration_seconds} s`);
      assert.ok(end.extra_requests > 50_000 && end.extra_requests < 70_000, String(end.extra_requests));
      if (kind === 'distributed-near') {
        assert.equal(start.top_user_agents.length, 1);
        assert.ok((start.top_user_agents[0]?.share ?? 0) > 0.5);
        const networks = start.top_prefixes.map(({ name }) => name);
        assert.ok(
          networks.some((name) => /^198\.19\.\d+\.0\/24$/.test(name)) &&
            networks.some((name) => /^2001:db8:2.*\/48$/.test(name)),
          networks.join(),
        );
      }
      assert.ok(
        judge.bans.every(({ ip }) => !/^198\.19\.|^2001:db8:2/.test(ip)),
        'the rule bans nobody',
      );
    });
  }
}

for (const [site, rateRps] of [
  ['shop', 12],
  ['shop', 0.5],
  ['blog', 2],
] as const) {
  test(`a flash crowd on a ${site} of ${rateRps} requests/s looks like visitors, and none of them is banned`, () => {
    const { start, judge, clients } = tell('flash-crowd', site, rateRps);
    assert.equal(start.verdict, 'visitors', start.detail);
    assert.match(start.detail, /^looks like a crowd of visitors: .*\d+ % are for static files/);
    assert.ok(clients.size > 500);
    assert.deepEqual(
      judge.bans.filter(({ ip }) => clients.has(ip)),
      [],
    );
  });
}

for (const [site, rateRps] of [
  ['shop', 6],
  ['blog', 2],
  ['api', 3],
  ['cloud', 2],
  ['shop', 0.05],
] as const) {
  test(`of an ordinary day on a ${site} of ${rateRps} requests/s nothing is told`, () => {
    const judge = new Judge();
    const durationMs = 24 * HOUR_MS;
    judge.feed(simulate({ site, rateRps, seed: 5, startMs: START_MS, durationMs, attacks: [] }));
    assert.deepEqual(judge.anomalies, []);
  });
}
