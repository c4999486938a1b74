import assert from 'node:assert/strict';
import { test } from 'node:test';
import { robotNote } from '../../src/cli/story/robot-note.ts';
import { loadRobots, SHIPPED_ROBOTS } from '../../src/host/robots.ts';
import { parsePrefix } from '../../src/net/prefix.ts';

const robots = loadRobots(SHIPPED_ROBOTS);
const note = (client: string, ...agents: string[]): string | undefined => {
  const prefix = parsePrefix(client);
  assert.ok(prefix);
  return robotNote(robots, prefix, agents);
};

test('a robot in its published network, one that only says so, and others', () => {
  assert.match(note('66.249.66.1') ?? '', /network that the operator of Googlebot publishes: a verified robot/);
  assert.equal(
    note('192.0.2.1', 'curl/8.5.0', 'Mozilla/5.0 (compatible; Googlebot/2.1)'),
    'it calls itself Googlebot, from outside the networks that its operator publishes; a running daemon asks DNS whether it is',
  );
  assert.equal(note('192.0.2.1', 'YandexBot/3.0'), 'it calls itself Yandex; a running daemon asks DNS whether it is');
  assert.equal(
    note('192.0.2.1', 'GPTBot/1.2'),
    'it calls itself GPTBot, from outside the networks that its operator publishes',
  );
  assert.equal(note('192.0.2.1', 'Mozilla/5.0 Firefox/130.0'), undefined);
});
