import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROW, SECOND, SKIP_REASONS, type Tally } from '../../src/parse/tally.ts';
import { Merge, type Parcel } from '../../src/traffic/merge.ts';
import fc from '../support/fast-check.ts';

function parcelOf(source: number, seconds: readonly number[]): Parcel {
  const rows = new Uint32Array(seconds.length * ROW);
  for (const [row, second] of seconds.entries()) rows[row * ROW + SECOND] = second;
  const tally: Tally = {
    rows,
    count: seconds.length,
    lines: seconds.length,
    skipped: new Uint32Array(SKIP_REASONS.length),
  };
  return { source, bytes: new Uint8Array(), tally };
}

/** Delivered rows in order, and a merge that delivers into it. */
class Listener {
  readonly rows: string[] = [];
  readonly done: Parcel[] = [];
  readonly merge = new Merge((parcel, from, to) => {
    for (let row = from; row < to; row++) this.rows.push(`${parcel.source}:${parcel.tally.rows[row * ROW + SECOND]}`);
  });

  push(source: number, seconds: readonly number[], more: boolean): void {
    this.done.push(...this.merge.push(parcelOf(source, seconds), more));
  }
}

/** By second, late lines with the line before them; of equal seconds the lower source first. */
function reference(sources: readonly (readonly (readonly number[])[])[]): string[] {
  return sources
    .flatMap((parcels, source) => {
      let newest = 0;
      return parcels.flat().map((second) => {
        newest = Math.max(newest, second);
        return { turn: newest, source, text: `${source}:${second}` };
      });
    })
    .sort((a, b) => a.turn - b.turn || a.source - b.source)
    .map(({ text }) => text);
}

/** Mostly rising seconds, now and then a late one. */
const parcel = fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 6 });
const source = fc.array(parcel, { maxLength: 5 }).map((parcels) => {
  let second = 10;
  return parcels.map((steps) => steps.map((step) => (second = Math.max(1, second + step))));
});

test('any interleaving of several logs is delivered in the same order', () => {
  fc.assert(
    fc.property(
      fc.array(source, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.nat(1000)),
      (sources, choices) => {
        const listener = new Listener();
        for (const index of sources.keys()) listener.merge.expect(index);
        const next = sources.map(() => 0);
        const open = [...sources.keys()];
        for (const choice of choices) {
          if (open.length === 0) break;
          const index = open[choice % open.length] ?? 0;
          const parcels = sources[index] ?? [];
          const at = next[index] ?? 0;
          if (at < parcels.length) {
            listener.push(index, parcels[at] ?? [], true);
            next[index] = at + 1;
          } else {
            listener.done.push(...listener.merge.finish(index));
            open.splice(open.indexOf(index), 1);
          }
        }
        assert.deepEqual(listener.rows, reference(sources));
        assert.equal(
          listener.done.length,
          sources.flat().length,
          'every parcel is reported once it is delivered whole',
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('nobody is waited for when nothing more comes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), parcel), { maxLength: 20 }), (pushes) => {
      const listener = new Listener();
      let expected = 0;
      for (const [index, steps] of pushes) {
        listener.push(
          index,
          steps.map((step) => 10 + step),
          false,
        );
        expected += steps.length;
        assert.equal(listener.rows.length, expected);
      }
      assert.equal(listener.done.length, pushes.length);
    }),
  );
});

test('a log that is behind holds the others back, until it is caught up or given up', () => {
  const listener = new Listener();
  listener.merge.expect(0);
  listener.push(1, [20, 21], false);
  assert.deepEqual(listener.rows, []);
  listener.push(0, [5, 20], true);
  assert.deepEqual(listener.rows, ['0:5', '0:20']);
  listener.push(0, [20, 30], false);
  assert.deepEqual(listener.rows, ['0:5', '0:20', '0:20', '1:20', '1:21', '0:30']);
  listener.merge.expect(0);
  listener.push(1, [40], false);
  assert.equal(listener.rows.length, 6);
  assert.equal(listener.merge.flush().length, 1);
  assert.equal(listener.rows.at(-1), '1:40');
});
