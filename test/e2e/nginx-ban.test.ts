/** From a line in a real nginx's log to packets dropped by the real kernel, and back by an operator's word. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import type { Evidence } from '../../src/model/told-event.ts';
import { until } from '../support/daemon.ts';
import {
  assertPrompt,
  assertReaction,
  assertUndisturbed,
  endOnceDropped,
  type Scene,
  sceneSkip,
  setScene,
} from './nginx-scene.ts';

interface ListedBan {
  readonly ip: string;
  readonly tier: number;
  readonly since: string;
  readonly until: string | null;
  readonly condition: string;
  readonly enforced: boolean;
  readonly confirmed: boolean;
  readonly numbers: Evidence;
}

interface AuditRow {
  readonly time: string;
  readonly action: string;
  readonly actor: string;
  readonly client: string | null;
  readonly condition: string | null;
  readonly tier: number | null;
  readonly duration_seconds: number | null;
  readonly enforced: boolean;
  readonly detail: string;
  readonly numbers: Evidence | null;
}

function auditRows({ daemon }: Scene, client: string): AuditRow[] {
  const { status, stdout, stderr } = daemon.zban('audit', '--client', client, '--json');
  assert.equal(status, 0, stderr);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditRow);
}

/** Floods until no answer comes any more, and holds the time this took against the promise. */
async function floodUntilDropped(t: TestContext, scene: Scene, client: string): Promise<void> {
  // What opens a connection for each request meets the same end as what keeps its own.
  const fresh = scene.flood('client', { url: `${scene.url()}api/`, rateRps: 10, isFresh: true });
  await fresh.until('fresh connections are served', ({ answered }) => answered > 0);
  const sinceMs = Date.now();
  const ends = await Promise.all([scene.flood('client'), fresh].map((flood) => endOnceDropped(scene, flood)));
  const firstLineMs = scene.lineTimes(client).find((time) => time >= sinceMs);
  assertReaction(t, 'the first line of the flood', firstLineMs, ends);
}

/** Keeps a connection to sshd's port open without ever logging in. */
async function knockAtSsh({ network }: Scene): Promise<void> {
  const program = `require('node:net').connect(22, '${network.address('server', 'client')}', () => console.log('open'))`;
  const child = network.spawn('client', [process.execPath, '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout) await once(child.stdout, 'data');
}

async function assertListed(scene: Scene, client: string, tier: number, seconds: number): Promise<void> {
  // The kernel drops before it is asked.
  const [ban, ...others] = await until('the ban is confirmed', () => {
    const bans = scene.daemon.json<ListedBan[]>('list');
    return bans.some(({ confirmed }) => confirmed) && bans;
  });
  assert.deepEqual(others, []);
  assert.ok(ban);
  const { numbers, condition } = ban;
  assert.deepEqual([ban.ip, ban.tier, ban.enforced], [client, tier, true]);
  assert.equal(Date.parse(ban.until ?? '') - Date.parse(ban.since), seconds * 1000);
  // Judged against what was learned, not by the ceiling of the warm-up.
  assert.match(condition, /^(z_score|multiplier|scrape|flood)$/);
  assert.ok(numbers.z > 3 || numbers.multiple > 5, JSON.stringify(numbers));
  const exceeded =
    condition === 'scrape' || condition === 'flood'
      ? (numbers.points ?? 0) > (numbers.points_limit ?? Number.POSITIVE_INFINITY)
      : numbers.rate > numbers.limit - 1e-9;
  assert.ok(exceeded && numbers.requests >= 120, JSON.stringify(numbers));
  assert.ok(numbers.mean > 0 && numbers.stddev > 0, JSON.stringify(numbers));
  assert.ok(numbers.samples.length > 0 && numbers.samples.length <= 5);
  assert.deepEqual(new Set(numbers.samples.map(({ user_agent }) => user_agent)), new Set(['flood-test']));
}

async function assertTold(scene: Scene, client: string, bans: number): Promise<void> {
  const messages = await until('Slack was told of the ban', () => {
    const found = scene.slack.find(/ banned /);
    return found.length >= bans && found;
  });
  assert.equal(messages.length, bans);
  const message = messages.at(-1);
  assert.ok(message?.text.includes(client), message?.text);
  assert.ok(message?.whole.includes(`zban unban ${client}`), message?.whole);
  assert.ok(message?.whole.includes('flood-test'), message?.whole);
}

describe('a client that floods nginx', { skip: sceneSkip }, () => {
  for (const backend of ['ipset', 'iptables'] as const)
    test(`is dropped by ${backend}, told of, released by an operator, and banned for longer the next time`, async (t) => {
      const scene = await setScene(t, { backend });
      const { daemon, network, slack } = scene;
      const client = network.address('client');
      const visitor = scene.flood('visitor', { rateRps: 1, timeoutMs: 10_000 });
      await visitor.until('the visitor is served', ({ answered }) => answered > 0);

      // Anyone who only knocks has no session that had to be protected. Protection is looked up every five seconds.
      await knockAtSsh(scene);
      await floodUntilDropped(t, scene, client);
      await assertListed(scene, client, 1, 600);
      await assertTold(scene, client, 1);
      assert.match(
        daemon.auditText(),
        new RegExp(
          `^\\[[0-9TZ:.-]+\\] BAN ${client} \\| (z_score|multiplier|work) [0-9.]+(x| points of [0-9.]+)? \\| rate [0-9.]+/s \\| baseline [0-9.]+±[0-9.]+/s( \\((default|minimum)\\))? \\| 10m \\| #[0-9]+ [0-9a-f]{16}$`,
          'm',
        ),
      );
      const ssh = await scene.probe({ url: scene.url(4, 22), seconds: 0.5, timeoutMs: 5000 }).ended();
      assert.equal(ssh.answered, ssh.sent, JSON.stringify(ssh));

      const probe = scene.probe();
      await probe.until('the client is still banned', ({ timedOut }) => timedOut > 2);
      assert.equal(probe.latest()?.answered, 0);
      const { status, stderr } = daemon.zban('unban', client, '--reason', 'a customer');
      assert.equal(status, 0, stderr);
      const { firstAnswerMs } = await probe.until('the client is served', ({ answered }) => answered > 0);
      const slowdown = probe.slowdown();
      await probe.stop();
      const order = auditRows(scene, client).find(({ action }) => action === 'unban');
      const servedMs = (firstAnswerMs ?? 0) - Date.parse(order?.time ?? '');
      t.diagnostic(`served ${servedMs} ms after the order to unban was recorded`);
      assertPrompt('served', servedMs, slowdown);
      assert.deepEqual(daemon.json('list'), []);
      await until('Slack was told of the release', () => slack.find(/ released /).length === 1);

      await floodUntilDropped(t, scene, client);
      await assertListed(scene, client, 2, 1800);
      await assertTold(scene, client, 2);

      await assertUndisturbed(visitor);
      const rows = auditRows(scene, client);
      assert.deepEqual(
        rows.map(({ action, actor, tier, detail }) => [action, actor.replace(/:.*/, ''), tier, detail]),
        [
          ['ban', 'policy', 1, ''],
          ['ban_result', 'system', null, 'ok'],
          ['unban', 'operator', 1, 'a customer'],
          ['unban_result', 'system', null, 'ok'],
          ['ban', 'policy', 2, ''],
          ['ban_result', 'system', null, 'ok'],
        ],
      );
      assert.deepEqual(
        rows.filter(({ action }) => action === 'ban').map(({ duration_seconds }) => duration_seconds),
        [600, 1800],
      );
      const verdict = daemon.zban('audit', 'verify');
      assert.equal(verdict.status, 0, verdict.stderr);
    });
});
