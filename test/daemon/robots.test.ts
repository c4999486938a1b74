import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { openRobotList, Robots } from '../../src/daemon/plane/robots.ts';
import { REFUTED, VERIFIED } from '../../src/detect/robot-verdicts.ts';
import type { TrafficTask } from '../../src/workers/messages.ts';
import { temporaryFolder } from '../support/folder.ts';

const LIST = 'Examplebot .crawl.example.com\nExamplebot 192.0.2.0/24\nNetbot 198.51.100.0/24\n';
const AGENT = 'Mozilla/5.0 (compatible; Examplebot/2.1)';

/** Everything the engine is sent; DNS knows one crawler, 203.0.113.1. */
function begin(t: TestContext, robots = {}) {
  const folder = temporaryFolder(t);
  const list = join(folder, 'robots.txt');
  writeFileSync(list, LIST);
  const sent: TrafficTask[] = [];
  const asked: string[] = [];
  const troubles: string[] = [];
  const resolver = {
    resolvePtr: async (name: string) => {
      asked.push(name);
      return name.startsWith('1.') ? ['a.crawl.example.com'] : ['host.example.net'];
    },
    resolve4: async () => ['203.0.113.1'],
    resolve6: async () => [],
    cancel: () => {},
  };
  const config = configSchema.parse({ detection: { robots: { list, ...robots } } });
  const running = new Robots({
    config,
    robots: openRobotList(config, { begin: (_key, message) => troubles.push(message) }, () => {}),
    pipeline: {
      send: async (task) => {
        sent.push(task);
        return { second: 0, events: [], consumed: [] };
      },
    },
    resolver,
  });
  return { running, sent, asked, troubles };
}

/** A claim of 203.0.113.`host`, as the log of a server that listens on IPv6 alone has it. */
const claim = (host: number, userAgent = AGENT) => ({
  ...{ high: 1, low: 0xcb00_7100 + host, address: `::ffff:203.0.113.${host}`, userAgent },
});

test('the engine gets the published networks, and is told what DNS says of who claims to be a robot', async (t) => {
  const { running, sent, asked } = begin(t);
  await running.introduce(true);
  const [first] = sent;
  assert.ok(first?.kind === 'robot_networks' && first.ask);
  assert.deepEqual(
    first.networks.map(({ name }) => name),
    ['Examplebot', 'Netbot'],
  );
  await running.check([claim(1)]);
  await running.check([claim(2)]);
  assert.deepEqual(asked, ['1.113.0.203.in-addr.arpa', '2.113.0.203.in-addr.arpa']);
  assert.deepEqual(sent.slice(1), [
    { kind: 'robots', verdicts: [{ high: 1, low: 0xcb00_7101, verdict: VERIFIED }] },
    { kind: 'robots', verdicts: [{ high: 1, low: 0xcb00_7102, verdict: REFUTED }] },
  ]);
});

test('nobody is asked about robots without domains, unknown ones, or after the stop', async (t) => {
  const { running, sent, asked } = begin(t);
  await running.check([claim(1, 'Netbot/1.0'), claim(2, 'Otherbot/1.0')]);
  running.stop();
  await running.check([claim(3)]);
  assert.deepEqual([asked, sent], [[], []]);
});

test('switched off, the engine knows no networks and is not asked for claims', async (t) => {
  const { running, sent } = begin(t, { verify: false });
  await running.introduce(true);
  assert.deepEqual(sent, [{ kind: 'robot_networks', networks: [], ask: false }]);
});

test('a list that cannot be read is a trouble, and the shipped one is in force', async (t) => {
  const { running, sent, troubles } = begin(t, { list: '/nonexistent/robots.txt' });
  assert.match(troubles.join(), /cannot read \/nonexistent\/robots.txt.*the list that comes with zban is in force/);
  await running.introduce(true);
  assert.ok(sent[0]?.kind === 'robot_networks' && sent[0].networks.length > 100);
});
