/** Floods of so many strangers that only some of them are looked at before anything is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START } from '../support/traffic.ts';
import { anyAddress, crowd, logOf, OLD_BROWSER, replay, USUAL_SECONDS } from './story.ts';

const [RATE, SECONDS] = [700, 130];
let next = 0;

test('of a flood all lines prove the lane, and it opens as soon as for any swarm', () => {
  // 700 new clients a second, from anywhere, for what hardly anybody asks for.
  const flood = crowd(RATE, SECONDS, () => ({ path: `/page/old-${next++ % 900}`, agent: OLD_BROWSER }), anyAddress);
  const lanes = replay(logOf(flood)).filter((event) => event.event === 'lane');
  const [lane] = lanes.filter((event) => event.phase === 'start');
  assert.equal(lane?.match.user_agent, OLD_BROWSER);
  const second = Date.parse(lane.time) / 1000;
  assert.ok(second - START - USUAL_SECONDS <= 20, lane.time);
  const sent = flood.filter((request) => request.second < second && request.second >= second - lane.seconds).length;
  const [end] = lanes.filter((event) => event.phase === 'end');
  // Of a minute of it only half is at hand, and of that some clients are looked at.
  const times = (end?.requests ?? 0) / flood.length;
  assert.ok(times > 0.85 && times < 1.15, `${end?.requests} of ${flood.length}`);
  assert.ok(lane.surplus > 0.9 * sent && lane.surplus <= sent, `${lane.surplus} of ${sent}`);
});
