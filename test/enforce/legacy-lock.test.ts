/** iptables-legacy under the rights that the unit gives: not root, and a /run that nobody else may write to. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toolSkip } from '../support/netns.ts';

const UNIT = readFileSync(new URL('../../systemd/zban.service', import.meta.url), 'utf8');

function asService(prepare: string): { status: number | null; stderr: string } {
  const rights = (/^AmbientCapabilities=(.*)$/m.exec(UNIT)?.[1] ?? '')
    .split(' ')
    .map((right) => `+${right.replace('CAP_', '').toLowerCase()}`)
    .join(',');
  const service = `setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps ${rights} --ambient-caps ${rights} --bounding-set -all,${rights}`;
  const script = `mount -t tmpfs -o mode=755 none /run && ${prepare} && mount -o remount,ro /run && ${service} iptables-legacy -w 2 -S`;
  const { status, stderr } = spawnSync('unshare', ['-n', '-m', 'sh', '-c', script], { encoding: 'utf8' });
  return { status, stderr };
}

test('the lock that the unit makes is enough, and without it the tool says what lacks', {
  skip: toolSkip('iptables-legacy', 'setpriv'),
}, () => {
  const touch = /^ExecStartPre=-\+(.*xtables.lock)$/m.exec(UNIT)?.[1] ?? 'false';
  assert.deepEqual(asService(touch), { status: 0, stderr: '' });
  assert.match(asService('true').stderr, /can't open lock file/);
});
