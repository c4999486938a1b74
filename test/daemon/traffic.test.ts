import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTraffic } from '../../src/daemon/records/traffic.ts';

const MINUTE = Math.floor(Date.parse('2026-11-16T00:00:00Z') / 60_000);

test('a chart shows what its own profile counted, and again once that is back', () => {
  const saved = new Map<string, Uint8Array>();
  const open = (profile: 'balanced' | 'classic') =>
    openTraffic(
      {
        loadState: (key) => saved.get(key),
        append: (_, { state = {} } = {}) => {
          for (const [key, bytes] of Object.entries(state)) saved.set(key, bytes);
          return [];
        },
        head: { id: 0, hash: '' },
        queryReadable: () => [],
      },
      profile,
    );
  const counts = (profile: 'balanced' | 'classic') =>
    open(profile)
      .series('1h', (MINUTE + 1) * 60_000)
      .steps.flatMap((step) => step?.counted ?? []);
  const minute = {
    minute: MINUTE,
    requests: 600,
    refused: 0,
    failed: 0,
    banned: 0,
    mean: 1,
    stddev: 1,
    isAnomalous: false,
  };
  const times = [0.125, 0.25, 0.5] as const;
  open('balanced').add([{ ...minute, times, counted: 60 }]);
  assert.deepEqual([counts('balanced'), counts('classic')], [[1], []]);
  open('classic').add([{ ...minute, times, counted: 600 }]);
  assert.deepEqual([counts('balanced'), counts('classic')], [[1], [10]]);
});
