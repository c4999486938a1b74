/** What is told of simulated sites as a whole: floods of many clients, crowds of visitors, and ordinary days. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GlobalAnomalyEnd, GlobalAnomalyStart } from '../../src/model/told-event.ts';
import type { SituationKind } from '../../src/simulate/access-event.ts';
import { parseAttacks } from '../../src/simulate/attacks/plan.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { SiteKind } from '../../src/simulate/site.ts';
import { Judge } from './judge.ts';

/** Monday, 8:00 UTC. */
const START_MS = Date.UTC(2026, 0, 5, 8);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** From the start of one situation to the next. */
const EVERY_MS = 36 * MINUTE_MS;
const TOLD_WITHIN_MS = 60_000;

interface Told {
  readonly start: GlobalAnomalyStart;
  readonly end: GlobalAnomalyEnd;
}

interface Story {
  readonly judge: Judge;
  /** Of each situation, in order. */
  readonly told: readonly Told[];
  /** Clients of all situations. */
  readonly clients: ReadonlySet<string>;
}

/** Lets the situations happen from two hours after the simulation began, for ten minutes each, with calm between; each is told once, in time. */
function tell(kinds: readonly SituationKind[], site: SiteKind, rateRps: number): Story {
  const starts = kinds.map((_, n) => 2 * HOUR_MS + n * EVERY_MS);
  const durationMs = 2 * HOUR_MS + kinds.length * EVERY_MS;
  const words = kinds.map((kind, n) => `${kind}@${(starts[n] ?? 0) / MINUTE_MS}m+10m`);
  const attacks = parseAttacks(words.join(), durationMs);
  assert.ok(typeof attacks !== 'string', attacks.toString());
  const judge = new Judge();
  const clients = new Set<string>();
  const events = simulate({ site, rateRps, seed: 4, startMs: START_MS, durationMs, attacks });
  judge.feed(
    (function* () {
      for (const event of events) {
        if (kinds.some((kind) => event.from.role === kind)) clients.add(event.from.client);
        yield event;
      }
    })(),
  );
  const { anomalies } = judge;
  assert.equal(anomalies.length, 2 * kinds.length, JSON.stringify(anomalies));
  const told = starts.map((atMs, n) => {
    const [start, end] = anomalies.slice(2 * n);
    assert.ok(start?.phase === 'start' && end?.phase === 'end', JSON.stringify(anomalies));
    const lateMs = Date.parse(start.time) - (START_MS + atMs);
    assert.ok(lateMs >= 0 && lateMs < TOLD_WITHIN_MS, `${kinds[n]}: ${lateMs} ms after its start`);
    return { start, end };
  });
  return { judge, told, clients };
}

const PATHS = { distributed: '/search', 'distributed-near': '/', 'distributed-random': '/category/sale' } as const;

const SITES: readonly (readonly [SiteKind, number])[] = [
  ['shop', 12],
  ['blog', 1],
  ['api', 5],
  ['cloud', 3],
];

const KINDS = ['distributed', 'distributed-near', 'distributed-random'] as const;

for (const [site, rateRps] of SITES) {
  describe(`on a ${site} of ${rateRps} requests/s`, () => {
    const { judge, told } = tell(KINDS, site, rateRps);
    for (const [n, kind] of KINDS.entries()) {
      test(`${kind} looks like an attack for one path`, () => {
        const { start, end } = told[n] ?? assert.fail();
        assert.equal(start.verdict, 'attack', start.detail);
        const [path] = start.top_paths;
        assert.equal(path?.name, PATHS[kind]);
        assert.ok((path?.share ?? 0) > 0.5 && (path?.usual_share ?? 1) < 0.2, JSON.stringify(path));
        assert.ok((start.new_client_share ?? 0) > (start.usual_new_client_share ?? 1));
        assert.ok(Math.abs(end.duration_seconds - 600) < 30, `${end.duration_seconds} s`);
        assert.ok(end.extra_requests > 50_000 && end.extra_requests < 70_000, String(end.extra_requests));
        if (kind !== 'distributed-near') return;
        assert.equal(start.top_user_agents.length, 1);
        assert.ok((start.top_user_agents[0]?.share ?? 0) > 0.5);
        const networks = start.top_prefixes.map(({ name }) => name);
        assert.ok(
          networks.some((name) => /^198\.19\.\d+\.0\/24$/.test(name)) &&
            networks.some((name) => /^2001:db8:2.*\/48$/.test(name)),
          networks.join(),
        );
      });
    }

    test('the rule bans nobody', () => {
      assert.ok(judge.bans.every(({ ip }) => !/^198\.19\.|^2001:db8:2/.test(ip)));
    });
  });
}

for (const [site, rateRps] of [
  ['shop', 12],
  ['shop', 0.5],
  ['blog', 2],
] as const) {
  test(`a flash crowd on a ${site} of ${rateRps} requests/s looks like visitors, and none of them is banned`, () => {
    const { told, judge, clients } = tell(['flash-crowd'], site, rateRps);
    const { start } = told[0] ?? assert.fail();
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
