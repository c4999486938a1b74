import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askInPieces } from '../../src/cli/ask-daemon.ts';
import { ControlError } from '../../src/control/error.ts';
import type { TargetResult } from '../../src/control/protocol.ts';

const TARGETS = Array.from({ length: 25_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);

function answerTo(piece: readonly string[]): TargetResult[] {
  return piece.map((target) => ({ target, ok: true, code: 'done', message: 'banned' }));
}

test('a long list that breaks off says how far it came; one that cannot begin says only why', async () => {
  for (const [failsAt, expected] of [
    [0, /^gone$/],
    [2, /^gone; the first 20,000 of 25,000 targets are carried out, run it again for the rest$/],
  ] as const) {
    let pieces = 0;
    const asking = askInPieces(TARGETS, async (piece) => {
      if (pieces++ === failsAt) throw new ControlError('failed', 'gone');
      return answerTo(piece);
    });
    await assert.rejects(asking, { name: 'ControlError', code: 'failed', message: expected });
  }
  assert.equal((await askInPieces(TARGETS, async (piece) => answerTo(piece))).length, TARGETS.length);
});
