/** The digest of usual traffic is a sample: which lines it takes, how many, and what they prove. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { LOW } from '../../src/parse/tally.ts';
import { TRAITS } from '../../src/swarm/look.ts';
import { UsualTraffic } from '../../src/swarm/usual-traffic.ts';
import { Evidence } from '../../src/traffic/evidence.ts';
import { bytesOf, NEVER, PARSER } from '../support/parse.ts';
import { mulberry32 } from '../support/traffic.ts';

const NOON = 1_800_000_000;
const FULL = 10_800;
const WEEK_MINUTES = 10_080;

/** Adds what the digest asks for of so many minutes with `lines` lines each, of which `hasTrait` says who has the first trait. */
function learn(usual: UsualTraffic, minutes: number, lines: number, hasTrait: () => boolean = () => false): number {
  const looks = new Uint32Array(TRAITS.length);
  let taken = 0;
  for (let minute = 0; minute < minutes; minute++) {
    for (let i = usual.quota(lines, 1); i > 0; i--, taken++) {
      looks[0] = hasTrait() ? 1 : 2;
      usual.add(NOON + 60 * minute, taken, looks);
    }
  }
  return taken;
}

const matching = (usual: UsualTraffic) => {
  const { requests, requestsMatched } = usual.backtest([{ trait: 0, hash: 1 }], NEVER);
  return { requests, matched: requestsMatched };
};

test('every one of the newest lines is as likely to be taken as any other, however they were cut, and the phase says which are', () => {
  const [parser, lines, older] = [new Parser(PARSER), 12, 5];
  const evidence = new Evidence(parser.reader);
  const text = Array.from(
    { length: older + lines },
    (_, n) => `{"msec":"${NOON}.5","remote_addr":"192.0.2.${n}","status":"200"}\n`,
  );
  const bytes = bytesOf(text.join(''));
  const tally = parser.parse(bytes, NEVER);
  for (const [from, to] of [
    [0, 8],
    [8, 9],
    [9, 16],
    [16, 17],
  ] as const) {
    evidence.open(0, bytes, tally, from);
    evidence.extend(to);
  }
  assert.equal(evidence.total, older + lines);
  const sample = (count: number, phase: number) => {
    const taken: number[] = [];
    evidence.sample(lines, count, phase, ({ tally: { rows } }, at) => taken.push((rows[at + LOW] as number) & 255));
    return taken;
  };
  for (const count of [1, 5, 12]) {
    const taken = new Map<number, number>();
    for (let step = 0; step < lines; step++) {
      const lows = sample(count, (step + 0.5) / lines);
      assert.equal(new Set(lows).size, count);
      for (const low of lows) taken.set(low, (taken.get(low) ?? 0) + 1);
    }
    const newest = Array.from({ length: lines }, (_, n) => [older + n, count]);
    assert.deepEqual(
      [...taken].sort(([a], [b]) => a - b),
      newest,
    );
  }
  assert.deepEqual(sample(0, 0), []);
});

test('lines are taken quickly until the table is full, then so that it spans a week, and one of eight where few come', () => {
  const usual = new UsualTraffic();
  assert.equal(learn(usual, 15, 4), 60);
  assert.equal(learn(usual, FULL / 15 - 4, 900), FULL - 60);
  const week = learn(usual, WEEK_MINUTES, 900);
  assert.ok(Math.abs(week - FULL) <= 1, `${week} lines in a week`);
  assert.equal(learn(usual, 1000, 4), 500);
  const [slow, busy] = [usual.quota(6000, WEEK_MINUTES), usual.quota(2_000_000, WEEK_MINUTES)];
  assert.ok(Math.abs(slow - 750) <= 1 && Math.abs(busy - FULL) <= 1, `${slow}, ${busy} lines at once`);
});

test('what a share of usual requests has shows in the table in that share, also after lines are taken seldom', () => {
  const random = mulberry32(11);
  const usual = new UsualTraffic();
  // Ten days of a busy site; a new version of a browser appears after five.
  let share = 0.001;
  learn(usual, 7200, 600, () => random() < share);
  const before = matching(usual);
  share = 0.02;
  learn(usual, 7200, 600, () => random() < share);
  const after = matching(usual);
  assert.deepEqual([before.requests, after.requests], [FULL, FULL]);
  // Four standard deviations of a binomial.
  const near = (matched: number, p: number) => Math.abs(matched - p * FULL) <= 4 * Math.sqrt(p * FULL);
  assert.ok(near(before.matched, 0.001), `${before.matched} of ${FULL}`);
  const renewed = 7200 / WEEK_MINUTES;
  assert.ok(near(after.matched, renewed * 0.02 + (1 - renewed) * 0.001), `${after.matched} of ${FULL}`);
});

test('what is usual survives a restart', () => {
  const [usual, restored] = [new UsualTraffic(), new UsualTraffic()];
  learn(usual, 100, 10, () => true);
  restored.restore(usual.snapshot());
  assert.deepEqual(matching(restored), { requests: 1000, matched: 1000 });
});

test('what a version with fewer traits saved says nothing here', () => {
  const usual = new UsualTraffic();
  learn(usual, 100, 10, () => true);
  const { lines, traits } = usual.snapshot();
  const restored = new UsualTraffic();
  restored.restore({ lines, traits: traits.filter((_, at) => at % TRAITS.length < TRAITS.length - 2) });
  assert.deepEqual(matching(restored), { requests: 0, matched: 0 });
});

test('a line stands for as many as came for each that was taken, also after a restart', () => {
  const usual = new UsualTraffic();
  const looks = new Uint32Array(TRAITS.length);
  const read = (minute: number, lines: number, reads: boolean) => {
    looks[0] = reads ? 1 : 2;
    for (let i = usual.quota(lines, 1); i > 0; i--) usual.add(NOON + 60 * minute, i + 100 * minute, looks);
  };
  read(0, 3, true);
  for (let minute = 1; minute < 8; minute++) read(minute, 60, minute < 4);
  const restored = new UsualTraffic();
  restored.restore(usual.snapshot());
  for (const digest of [usual, restored]) {
    const { all, asking } = digest.findAsking(0, [1, 2, 3], NEVER);
    assert.equal(all, 3 + 7 * 15);
    assert.deepEqual(
      [...asking],
      [
        [1, { clients: 3 + 3 * 15, weight: 3 + 3 * 60 }],
        [2, { clients: 4 * 15, weight: 4 * 60 }],
        [3, { clients: 0, weight: 0 }],
      ],
    );
  }
});
