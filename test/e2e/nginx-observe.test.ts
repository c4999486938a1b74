/** Observe mode, and nginx's rotation in the middle of a flood. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/daemon.ts';
import { assertReaction, assertUndisturbed, endOnceDropped, type Scene, sceneSkip, setScene } from './nginx-scene.ts';

/** Every line in every log of nginx was read, once, and understood. */
async function assertNoLineLost({ daemon, lineCount }: Scene): Promise<void> {
  const status = await until('all lines are read', () => {
    const now = daemon.status();
    return now && now.lines_total >= lineCount() && now;
  });
  assert.equal(status.lines_total, lineCount());
  // Of what was read, only the lines of banned clients went into no window.
  const { banned_lines, ...discarded } = status.discarded;
  assert.deepEqual(new Set([...Object.values(status.skipped), ...Object.values(discarded)]), new Set([0]));
}

describe('zban beside nginx', { skip: sceneSkip }, () => {
  test('drops nobody in observe mode, says whom it would ban, and loses no line to rotations', async (t) => {
    const scene = await setScene(t, { backend: 'ipset', config: { mode: 'observe' } });
    const { daemon, network, slack, rotate } = scene;
    const client = network.address('client');
    const flood = scene.flood('client', { timeoutMs: 10_000 });
    for (const answered of [50, 500, 1000, 1500]) {
      await flood.until(`${answered} answers`, (report) => report.answered >= answered);
      await rotate();
    }
    await until('Slack was told', () => slack.find(/ would ban /).length === 1);
    await assertUndisturbed(flood);

    const bans = daemon.json<{ ip: string; enforced: boolean; tier: number }[]>('list');
    assert.deepEqual(
      bans.map(({ ip, enforced, tier }) => [ip, enforced, tier]),
      [[client, false, 1]],
    );
    assert.match(daemon.auditText(), new RegExp(`\\] WOULD BAN ${client} \\| `));
    assert.ok(slack.messages.every(({ text }) => !text.includes(' banned ')));
    for (const tool of ['iptables', 'ip6tables']) assert.doesNotMatch(network.run('server', [tool, '-S']), /ZBAN/);
    assert.equal(network.run('server', ['ipset', 'list', '-name']), '');
    await assertNoLineLost(scene);
  });

  test('bans in time although nginx rotates its log in the middle of the flood', async (t) => {
    // So many requests that two rotations fall between the first line and the one that crosses the limit.
    const requests = 600;
    const detection = { min_requests: requests, points: { enabled: false } };
    const scene = await setScene(t, { backend: 'ipset', config: { detection } });
    const { daemon, network, lineTimes, rotate } = scene;
    const client = network.address('client');
    const flood = scene.flood('client');
    for (const answered of [1, requests / 3]) {
      await flood.until(`${answered} answers`, (report) => report.answered >= answered);
      await rotate();
    }
    const end = await endOnceDropped(scene, flood);
    assertReaction(t, 'the line that crossed the limit', lineTimes(client)[requests - 1], [end]);
    assert.deepEqual(
      daemon
        .json<{ ip: string; numbers: { requests: number } }[]>('list')
        .map(({ ip, numbers }) => [ip, numbers.requests]),
      [[client, requests]],
    );
    await assertNoLineLost(scene);
  });
});
