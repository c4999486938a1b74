/** Bans that end by themselves: in time, on record, and although the daemon is dead. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { until } from '../support/daemon.ts';
import { type Scene, sceneSkip, setScene } from './nginx-scene.ts';

/** The kernel's timeouts are whole seconds, rounded up: nobody is released early, and nobody much later. */
const LATE_MS_MAX = 3000;

/** A flood that is over before its ban is: one that saw the release would be banned again. */
async function floodUntilBanned(scene: Scene): Promise<void> {
  const flood = scene.flood('client');
  // Also for who kills the daemon next: what was not recorded by then, the next one would not know.
  await until('the ban is confirmed', () =>
    scene.daemon.json<{ confirmed: boolean }[]>('list').some(({ confirmed }) => confirmed),
  );
  await flood.until('a packet is dropped', ({ timedOut }) => timedOut > 0);
  const end = await flood.stop();
  assert.ok(end.answered > 0 && end.timedOut > 0, JSON.stringify(end));
}

interface Row {
  readonly time: string;
  readonly action: string;
  readonly tier: number | null;
  readonly duration_seconds: number | null;
  readonly detail: string;
}

function auditRows({ daemon, network }: Scene): Row[] {
  const { stdout } = daemon.zban('audit', '--client', network.address('client'), '--json');
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Row);
}

/** The trail in short. */
function actions(scene: Scene): string[] {
  return auditRows(scene).map(({ action, tier, detail }) =>
    [action, tier, detail].filter((part) => part !== null && part !== '').join(' '),
  );
}

/** Waits for the client's first answer and holds its time against the end of the newest ban, or the first attempt after it. */
async function seeReleased(t: TestContext, scene: Scene, what: string): Promise<void> {
  const probe = scene.probe();
  const ban = auditRows(scene).findLast(({ action }) => action === 'ban');
  const endMs = Date.parse(ban?.time ?? '') + (ban?.duration_seconds ?? 0) * 1000;
  const { firstAnswerMs, firstSentMs } = await probe.until(
    'the client is served again',
    ({ answered }) => answered > 0,
  );
  await probe.stop();
  const afterMs = (firstAnswerMs ?? 0) - endMs;
  // A slow machine's client may ask for the first time when the ban is long over.
  const lateMs = (firstAnswerMs ?? 0) - Math.max(endMs, firstSentMs ?? 0);
  t.diagnostic(`${what}: served ${afterMs} ms after the end of the ban`);
  assert.ok(afterMs >= 0 && lateMs <= LATE_MS_MAX, `${what}: ${afterMs} ms after the end, ${lateMs} after it could be`);
}

const RELEASED = ['ban_result ok', 'unban 1 expired', 'unban_result ok'];

// Most of the time is spent waiting for bans to end: both at once.
describe('a ban of seconds', { skip: sceneSkip, concurrency: 2 }, () => {
  for (const backend of ['ipset', 'iptables'] as const)
    test(`ends by itself in ${backend}, on record and told; the next one too although the daemon is dead`, async (t) => {
      const scene = await setScene(t, { backend, config: { bans: { schedule: ['8s', '12s'] } } });
      const { daemon, slack, network } = scene;
      const client = network.address('client');

      await floodUntilBanned(scene);
      await seeReleased(t, scene, 'tier 1');
      await until('Slack was told of the release', () => slack.find(/ released /).length === 1);
      assert.ok(slack.find(/ released /)[0]?.whole.includes('expired'));
      assert.match(daemon.auditText(), new RegExp(`\\] UNBAN ${client} \\| expired`));
      assert.deepEqual(actions(scene), ['ban 1', ...RELEASED]);

      await floodUntilBanned(scene);
      await daemon.stop('SIGKILL');
      await seeReleased(t, scene, 'tier 2, daemon dead');

      await daemon.start();
      await until('the release is on record', () => /UNBAN .*\n(.*\n)*.*UNBAN /.test(daemon.auditText()));
      assert.deepEqual(daemon.json('list'), []);
      assert.deepEqual(actions(scene).slice(0, 7), ['ban 1', ...RELEASED, 'ban 2', 'ban_result ok', 'unban 2 expired']);
      const verdict = daemon.zban('audit', 'verify');
      assert.equal(verdict.status, 0, verdict.stderr);
    });
});
