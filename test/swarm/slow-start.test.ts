/** A swarm that is found minutes after it began: its first clients go on, and are no visitors from before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START } from '../support/traffic.ts';
import { anyAddress, isOfSwarm, logOf, replay, USUAL_SECONDS } from './story.ts';

test('a lane is not ended by clients of its own swarm who came before it was found', () => {
  const guesses = Array.from({ length: 1000 }, (_, n) => {
    const [ip, agent] = [anyAddress(), `Mozilla/5.0 (Linux; Android ${n % 12})`];
    // Fifty come in the first minutes, too few to be noticed, and then five a second.
    const first = n < 50 ? 8 * n : 400 + (n - 50) / 5;
    return Array.from({ length: 6 }, (_, again) => {
      const second = START + USUAL_SECONDS + Math.floor(first + 50 * again);
      return { second, ip, agent, path: '/login', method: 'POST', status: 401 };
    });
  });
  const acts = replay(logOf(guesses.flat())).filter(isOfSwarm);
  const [first, ...others] = acts.flatMap((event) => (event.event === 'lane' ? [event] : []));
  assert.equal(first?.phase, 'start');
  const end = others.find(({ id, phase }) => id === first?.id && phase === 'end');
  assert.ok(end?.phase === 'end' && end.duration_seconds > 200, JSON.stringify(end));
});
