/** When what the engine learned is written, and what becomes of a state that cannot be used. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LearnedState } from '../../src/daemon/records/learned-state.ts';
import { packEngineState } from '../../src/engine/engine-state.ts';
import { ready } from '../detect/site.ts';

const MINUTE = 60_000;
const STATE = new Uint8Array(1000);

function open(saved?: Uint8Array) {
  const disk = new Map(saved && [['baseline:balanced', saved]]);
  const warnings: string[] = [];
  const clock = { ms: 5 };
  const learner = { judgedBytes: 0, take: async () => STATE };
  let writes = 0;
  const learned = new LearnedState({
    trail: {
      loadState: (key) => disk.get(key),
      saveState: (key, bytes) => {
        disk.set(key, bytes);
        writes++;
      },
    },
    profile: 'balanced',
    log: (_level, text, rest) => warnings.push(`${text}; ${JSON.stringify(rest)}`),
    now: () => clock.ms,
  });
  /** Writes of so many minutes with so much log in each. */
  const live = async (minutes: number, logBytes: number): Promise<number> => {
    const before = writes;
    for (let minute = 0; minute < minutes; minute++) {
      clock.ms += MINUTE;
      learner.judgedBytes += logBytes;
      await learned.saveDue(learner);
    }
    return writes - before;
  };
  return { learned, live, warnings };
}

test('what nobody has saved yet is saved soon; without lines never again', async () => {
  const { live } = open();
  assert.equal(await live(1, 0), 1);
  assert.equal(await live(24 * 60, 0), 0);
});

test('a busy site is saved every ten minutes, a slow one every hour, one between by the bytes of its log', async () => {
  assert.equal(await open().live(24 * 60, 10_000_000), 144);
  assert.equal(await open().live(24 * 60, 1), 24);
  assert.equal(await open().live(24 * 60, 1600), 72, '32 bytes of log for each byte of state');
});

test('a restart does not write at once what it has just loaded', async () => {
  const saved = packEngineState(ready().bench.engine.snapshot());
  const { learned, live } = open(saved);
  assert.equal(typeof learned.load()?.observedSeconds, 'number');
  assert.equal(await live(9, 10_000_000), 0);
  assert.equal(await live(1, 10_000_000), 1);
});

test('a damaged state is refused, and the log says so', () => {
  const damaged = packEngineState(ready().bench.engine.snapshot());
  damaged[100] = (damaged[100] as number) ^ 1;
  const newer = packEngineState(ready().bench.engine.snapshot());
  newer[4] = 99;
  for (const [saved, why] of [
    [damaged, /cannot be read: learning anew.*checksum/],
    [newer, /cannot be read: learning anew.*another version/],
    [new TextEncoder().encode('{"version":1}'), /cannot be read: learning anew.*not packed/],
  ] as const) {
    const { learned, warnings } = open(saved);
    assert.equal(learned.load(), undefined);
    assert.match(warnings.join(), why);
  }
});
