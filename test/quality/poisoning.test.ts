/**
 * One client that grows slowly, attacks at the very first line, or trains what is usual for hours: it is caught, and
 * afterwards the limits for later attackers are what they are without it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { SiteKind } from '../../src/simulate/site.ts';
import type { Parcel } from '../../src/traffic/merge.ts';
import { line } from '../trials/background.ts';
import { Bench } from '../trials/bench.ts';

/** Mean and deviation of the baselines may differ by this share: what the poisoner asked before it was caught was traffic. */
const BASELINE_SHARE = 0.05;
/** Points a later attacker may be allowed more, as a share, and seconds that its ban may come later. */
const LIMIT_SHARE = 0.01;
const DELAY_S = 1;

const NOON_MS = Date.UTC(2026, 0, 5, 12);
const HOUR = 3600;
const POISONER = '203.0.113.200';

const letters = (n: number): string => String.fromCharCode(97 + (n % 26), 97 + ((n / 26) % 26), 97 + ((n / 676) % 26));

/** What an attacker asks for: method, path, status of its n-th request. */
const ASKS = {
  'the front page': () => ['GET', '/', 200],
  'rare pages': (n) => ['GET', `/archive/${letters(n)}`, 200],
  'one page with many queries': (n) => ['GET', `/search?q=${letters(n)}`, 200],
  'missing pages': (n) => ['GET', `/secret-${letters(n)}`, 404],
  'posts to a popular path': () => ['POST', '/api/v2/track', 200],
  'log-ins': () => ['POST', '/blog/wp-login.php', 200],
} as const satisfies Record<string, (n: number) => readonly [string, string, number]>;
type Ask = keyof typeof ASKS;
const asks = Object.keys(ASKS) as Ask[];

/** Requests of one client, evenly spaced at `rate(progress)` a second, from its `first` on; seconds count from noon. */
function stream(
  client: string,
  ask: Ask,
  from: number,
  to: number,
  rate: (progress: number) => number,
  first = 0,
): AccessEvent[] {
  const events: AccessEvent[] = [];
  const sender = { ip: client, client, userAgent: 'Mozilla/5.0', host: 'www.example.com', role: 'flood' as const };
  for (let tenth = from * 10, due = 0; tenth < to * 10; tenth++) {
    due += rate((tenth / 10 - from) / (to - from)) / 10;
    for (; due >= 1; due--) {
      const [method, path, status] = ASKS[ask](first + events.length);
      const answer = { status, responseBytes: 500, requestMs: 20 };
      events.push({ timeMs: NOON_MS + tenth * 100, from: sender, method, path, referer: '', ...answer });
    }
  }
  return events;
}

/** Attackers after `hours`, one after another, each with an address of its own. */
const LATER: Readonly<Record<Ask, number>> = {
  'the front page': 15,
  'rare pages': 5,
  'one page with many queries': 15,
  'missing pages': 2,
  'posts to a popular path': 15,
  'log-ins': 1,
};
const laterClient = (ask: Ask): string => `203.0.113.${1 + asks.indexOf(ask)}`;
const laterStart = (ask: Ask, hours: number): number => hours * HOUR + 30 + 100 * asks.indexOf(ask);

interface Aftermath {
  readonly poisonerBans: readonly { second: number; condition: string }[];
  readonly baseline: readonly number[];
  readonly later: readonly { ask: Ask; delay: number; limit: number }[];
}

type Background = { readonly site: SiteKind; readonly rateRps: number };

/** Requests before `hours`, and from then on. */
type Halves = readonly [Parcel, Parcel];

function parse(source: number, events: readonly AccessEvent[], hours: number): Halves {
  const laterMs = NOON_MS + hours * HOUR * 1000;
  const sorted = events.toSorted((left, right) => left.timeMs - right.timeMs);
  const index = sorted.findIndex(({ timeMs }) => timeMs >= laterMs);
  const count = index < 0 ? sorted.length : index;
  const bench = new Bench();
  return [bench.parse(source, sorted.slice(0, count).map(line)), bench.parse(source, sorted.slice(count).map(line))];
}

/** What everybody but the poisoner does, the log that is the same in all tests: honest traffic, and the later attackers after `hours`. */
function others(background: Background, hours: number): Halves {
  const honest = simulate({
    ...background,
    ...{ seed: 5, startMs: NOON_MS, durationMs: (hours * HOUR + 700) * 1000, attacks: [] },
  });
  const later = asks.flatMap((ask) => {
    const from = laterStart(ask, hours);
    return stream(laterClient(ask), ask, from, from + 95, () => LATER[ask]);
  });
  return parse(0, [...honest, ...later], hours);
}

/** Traffic with the poison in it, and what becomes of later attackers after `hours`. */
function suffer(usual: Halves, poison: readonly AccessEvent[], hours: number): Aftermath {
  const [before, after] = parse(1, poison, hours);
  const bench = new Bench();
  // Of these tests' attackers, who have addresses of the trials' search engine, none is one.
  bench.engine.robots.setNetworks([]);
  bench.run([usual[0], before]);
  const { client, errorRatio, site } = bench.engine.effective;
  bench.run([usual[1], after]);
  const bans = bench.bans.map((ban) => ({ ...ban, second: (Date.parse(ban.time) - NOON_MS) / 1000 }));
  return {
    poisonerBans: bans.filter(({ ip }) => ip === POISONER),
    baseline: [site.mean, site.stddev, client.mean, client.stddev, errorRatio],
    later: asks.map((ask) => {
      const ban = bans.find(({ ip }) => ip === laterClient(ask));
      assert.ok(ban, `the later attacker is banned for ${ask}`);
      return { ask, delay: ban.second - laterStart(ask, hours), limit: ban.points_limit ?? ban.limit };
    }),
  };
}

function assertUnchanged(after: Aftermath, clean: Aftermath): void {
  for (const [index, value] of after.baseline.entries()) {
    const usual = clean.baseline[index] ?? Number.NaN;
    assert.ok(
      Math.abs(value - usual) <= BASELINE_SHARE * usual,
      `baselines ${after.baseline}, clean ${clean.baseline}`,
    );
  }
  for (const [index, { ask, delay, limit }] of after.later.entries()) {
    const usual = clean.later[index];
    assert.ok(usual && limit <= usual.limit * (1 + LIMIT_SHARE), `${ask}: limit ${limit}, clean ${usual?.limit}`);
    assert.ok(delay <= usual.delay + DELAY_S, `${ask}: after ${delay} s, clean ${usual.delay} s`);
  }
}

/** Just below what drains, in requests a second; the flood that follows needs no more than the level that is left. */
const TRAINED: Readonly<Partial<Record<Ask, number>>> = {
  'the front page': 2.2,
  'rare pages': 0.028,
  'missing pages': 0.019,
  'posts to a popular path': 2.2,
  'log-ins': 0.02,
};
/** At its end the same page, asked for within a minute, is more than the flood rule tolerates. */
const FLOOD_RPS = 15;
/**
 * Seconds after which a ramp is caught, at 5 requests a second: what drains of the flood rule keeps up with 2.4 a second,
 * which are reached after 430 s, and the bucket takes 480 s more to run over.
 */
const RAMP_CAUGHT_S = 930;
/** Rare pages of one size, one a second, that stay just below the limit of scraping. */
const VISIT_PAGES = 8;

const BACKGROUNDS: readonly (readonly [string, Background])[] = [
  ['a shop', { site: 'shop', rateRps: 3 }],
  ['an almost idle blog', { site: 'blog', rateRps: 0.05 }],
];

for (const [name, background] of BACKGROUNDS) {
  describe(name, () => {
    const known = new Map(
      [3, 5].map((hours) => {
        const usual = others(background, hours);
        return [hours, { usual, clean: suffer(usual, [], hours) }];
      }),
    );
    const check = (poison: readonly AccessEvent[], hours: number, from: number, to: number): void => {
      const { usual, clean } = known.get(hours) ?? assert.fail();
      const after = suffer(usual, poison, hours);
      const caught = after.poisonerBans.some(({ second }) => second >= from && second <= to);
      assert.ok(caught, `caught between ${from} and ${to} s: ${JSON.stringify(after.poisonerBans)}`);
      assertUnchanged(after, clean);
    };

    for (const ask of asks) {
      test(`a ramp to 20 requests a second over an hour: ${ask}`, () =>
        check(
          stream(POISONER, ask, HOUR, 2 * HOUR, (progress) => 20 * progress),
          3,
          HOUR,
          HOUR + RAMP_CAUGHT_S,
        ));
      test(`an attack in the first minute: ${ask}`, () =>
        check(
          stream(POISONER, ask, 0, 60, () => 10),
          3,
          0,
          60,
        ));
    }

    for (const [ask, rate] of Object.entries(TRAINED) as [Ask, number][]) {
      test(`hours of training, then a flood: ${ask}`, () => {
        const training = stream(POISONER, ask, 600, 4 * HOUR, () => rate);
        const flood = stream(POISONER, ask, 4 * HOUR, 4 * HOUR + 60, () => FLOOD_RPS);
        check([...training, ...flood], 5, 600, 4 * HOUR + 60);
      });
    }

    test('many visits just below the limit of scraping, then a flood', () => {
      const visits = Array.from({ length: 16 }, (_, visit) => {
        const from = HOUR + visit * 700;
        return stream(POISONER, 'rare pages', from, from + VISIT_PAGES, () => 1, visit * VISIT_PAGES);
      });
      const flood = stream(POISONER, 'rare pages', 4 * HOUR + 600, 4 * HOUR + 660, () => 10);
      check([...visits.flat(), ...flood], 5, 4 * HOUR + 600, 4 * HOUR + 660);
    });
  });
}
