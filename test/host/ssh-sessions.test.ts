import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConnections } from '../../src/host/proc-net.ts';
import { SshSessions } from '../../src/host/ssh-sessions.ts';
import { formatPrefix } from '../../src/net/prefix.ts';

/** Lines of /proc/net/tcp: established connections to port 22 from 198.51.100.NUMBER and a port. */
const table = (...connections: readonly (readonly [number, string])[]) =>
  connections
    .map(([number, port], index) => {
      const remote = `${number.toString(16).padStart(2, '0').toUpperCase()}6433C6:${port}`;
      return `   ${index}: 020200C0:0016 ${remote} 01 0:0 0\n`;
    })
    .join('');

const select = (sessions: SshSessions, text: string) =>
  sessions.select(parseConnections(text, [22])).map(({ remote }) => formatPrefix(remote));

test('connections open at the first look are sessions', () => {
  const sessions = new SshSessions(() => 1000);
  assert.deepEqual(select(sessions, table([1, 'D431'], [2, 'D431'])), ['198.51.100.1', '198.51.100.2']);
  assert.deepEqual(select(sessions, table([1, 'D431'])), ['198.51.100.1']);
});

test('a later connection is a session once it has outlived the time that sshd gives for logging in', () => {
  let nowMs = 0;
  const sessions = new SshSessions(() => nowMs);
  assert.deepEqual(select(sessions, ''), []);
  for (; nowMs < 150_000; nowMs += 5000) assert.deepEqual(select(sessions, table([1, 'D431'])), []);
  nowMs += 5000;
  assert.deepEqual(select(sessions, table([1, 'D431'])), ['198.51.100.1']);
});

test('one connection after the other never becomes a session, nor does a new one beside it inherit', () => {
  let nowMs = 0;
  const sessions = new SshSessions(() => nowMs);
  assert.deepEqual(select(sessions, table([1, 'D431'])), ['198.51.100.1']);
  for (let knock = 0; knock < 10; knock++) {
    nowMs += 100_000;
    assert.deepEqual(select(sessions, table([2, `E00${knock}`])), []);
  }
  // The same ports again, after the connection was gone.
  assert.deepEqual(select(sessions, table([1, 'D431'])), []);
});
