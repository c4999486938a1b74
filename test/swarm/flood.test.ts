/** Floods of so many strangers that only some of them are looked at before anything is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START } from '../support/traffic.ts';
import { anyAddress, crowd, logOf, OLD_BROWSER, replay, USUAL_SECONDS } from './story.ts';

const [RATE, SECONDS] = [700, 40];
let next = 0;

test('of a flood all lines prove the lane, and it opens as soon as for any swarm', () => {
  // 700 new clients a second, from anywhere, for what hardly anybody asks for.
  const flood = crowd(RATE, SECONDS, () => ({ path: `/page/old-${next++ % 900}`, agent: OLD_BROWSER }), anyAddress);
  const [lane] = replay(logOf(flood)).flatMap((event) =>
    event.event === 'lane' && event.phase === 'start' ? [event] : [],
  );
  assert.equal(lane?.match.user_agent, OLD_BROWSER);
  const second = Date.parse(lane.time) / 1000;
  assert.ok(second - START - USUAL_SECONDS <= 20, lane.time);
  const sent = flood.filter((request) => request.second < second && request.second >= second - lane.seconds).length;
  assert.ok(lane.surplus > 0.9 * sent && lane.surplus <= sent, `${lane.surplus} of ${sent}`);
});
