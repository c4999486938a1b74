/** Logs with `$server_protocol` in them, in which clients come by several versions of HTTP. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crowd, isOfSwarm, logOf, OLD_BROWSER, replay } from './story.ts';

const PROTOCOLS = ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0', 'HTTP/3.0'];
const [RATE, SECONDS] = [4, 600];

test('new devices that come by several protocols get no lane, nor do those of one that nobody used before', () => {
  for (const protocols of [PROTOCOLS, ['HTTP/1.0'], ['HTTP/2.0']]) {
    const devices = crowd(RATE, SECONDS, (n) => ({
      ...{ path: `/page/${n % 9}`, agent: 'App/2.0 (Android 16)' },
      protocol: protocols[n % protocols.length] as string,
    }));
    assert.deepEqual(replay(logOf(devices)).filter(isOfSwarm), [], protocols.join());
  }
});

test('a swarm that comes by several protocols gets one lane for all of them', () => {
  let next = 0;
  const swarm = crowd(RATE, SECONDS, (n) => ({
    ...{ path: `/page/old-${next++ % 900}`, agent: OLD_BROWSER },
    protocol: PROTOCOLS[n % PROTOCOLS.length] as string,
  }));
  const starts = replay(logOf(swarm)).flatMap((event) =>
    event.event === 'lane' && event.phase === 'start' ? [event] : [],
  );
  assert.deepEqual(
    starts.map(({ match, coverage }) => [match.user_agent, coverage > 0.9]),
    [[OLD_BROWSER, true]],
  );
});
