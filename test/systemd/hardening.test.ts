/** What the unit and scripts/launch keep from the daemon, and that it still does its work: under a real systemd. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Box, bootBox, findObstacle } from '../support/systemd-box.ts';
import { until } from '../support/until.ts';

const project = join(import.meta.dirname, '../..');
const obstacle = findObstacle();
if (obstacle !== undefined) console.error(`SKIPPED, the hardened service: ${obstacle}`);

describe('the hardened service', { skip: obstacle ?? false }, () => {
  let box: Box;
  const show = (property: string) => box.must(`systemctl show zban -P ${property}`);
  const status = async () => JSON.parse(await box.must('zban status --json')) as Record<string, unknown>;
  /** Local addresses that somebody in the box listens on. */
  const listeners = () => box.must(`ss -ltnH | awk '{print $4}' | sort`);

  before(async () => {
    const built = spawnSync(join(project, 'scripts/zban'), ['--version'], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    box = await bootBox([`${project}:/src/zban`]);
    await box.must(`
      install -d -m 0700 /home/site/logs && install -m 0600 /dev/null /home/site/logs/access.log
      ip netns add peer && ip link add web type veth peer name away netns peer
      ip addr add 192.0.2.1/24 dev web && ip link set web up && ip route add default via 192.0.2.254
      ip -n peer addr add 192.0.2.7/24 dev away && ip -n peer link set away up
      /src/zban/scripts/install
      printf 'logs: [{path: /home/site/logs/access.log}]\n' >/etc/zban/config.d/50-test.yaml
      systemctl restart zban`);
  });

  after(() => box?.stop());

  test('SIGUSR1 from the first moment on opens no debugger and ends nothing', async () => {
    await box.must(`
      systemctl stop zban && systemctl start --no-block zban
      until [ "$(readlink /proc/$(systemctl show zban -P MainPID)/exe)" = /opt/zban/bin/node ]; do :; done
      pid=$(systemctl show zban -P MainPID)
      until [ "$(systemctl is-active zban)" = active ]; do kill -USR1 $pid; done
      kill -USR1 $pid && zban status >/dev/null && kill -USR1 $pid && zban status >/dev/null
      test "$(systemctl show zban -P MainPID)" = $pid`);
    assert.equal(await listeners(), '127.0.0.1:9617');
    assert.equal(await show('NRestarts'), '0');
  });

  test('options of Node.js from the environment reach neither service nor command line', async () => {
    await box.must('systemctl set-environment NODE_OPTIONS=--inspect=127.0.0.1:9777 && systemctl restart zban');
    assert.equal(await listeners(), '127.0.0.1:9617');
    const { stderr } = await box.run('NODE_OPTIONS=--inspect=127.0.0.1:9777 zban status');
    assert.equal(stderr, '');
    await box.must('systemctl unset-environment NODE_OPTIONS');
  });

  test('a crash leaves no memory of the daemon on the disk', async () => {
    const limits = await box.must('cat /proc/$(systemctl show zban -P MainPID)/limits');
    assert.match(limits, /^Max core file size +0 +0 /m);
  });

  test('other processes are hidden from it', async () => {
    const pid = await show('MainPID');
    // As the service's user: root sees through it.
    const seen = await box.must(
      `nsenter -t ${pid} -m setpriv --reuid zban --regid zban --clear-groups --inh-caps=-all sh -c 'ls -d /proc/[0-9]* | grep -cx /proc/1 || true'`,
    );
    assert.equal(seen, '0');
  });

  test('the gateway and the peer of a live SSH session are protected all the same', async () => {
    await box.must(`
      perl -MIO::Socket::INET -e '$l = IO::Socket::INET->new(LocalPort => 22, Listen => 9, ReuseAddr => 1); push @c, $l->accept while 1' >/dev/null 2>&1 &
      until ss -ltnH | grep -q ':22 '; do :; done
      ip netns exec peer perl -MIO::Socket::INET -e '$c = IO::Socket::INET->new("192.0.2.1:22"); sleep 600' >/dev/null 2>&1 &
      until ss -tnH | grep -q '192.0.2.1:22 '; do :; done
      systemctl restart zban`);
    for (const [address, reason] of [
      ['192.0.2.254', /default gateway/],
      ['192.0.2.7', /live SSH session/],
      ['192.0.2.1', /own address/],
    ] as const) {
      const refused = await box.run(`zban ban ${address}`);
      assert.notEqual(refused.exitCode, 0, address);
      assert.match(refused.stdout + refused.stderr, reason, address);
    }
  });

  test("it reads a site's own log below /home, and the load of the host", async () => {
    const line = `{"timestamp":"${Math.floor(Date.now() / 1000)}","source_ip":"192.0.2.10","method":"GET","path":"/","status":"200"}`;
    await box.must(`echo '${line}' >>/home/site/logs/access.log`);
    await until('the line is read', async () => Number((await status())['lines_total']) >= 1);
    assert.ok(Number((await status())['host_memory_percent']) > 0);
  });

  test('the trail names the user that the kernel saw, and for whom root acts', async () => {
    await box.must(`
      useradd --no-create-home -G zban ann
      env SUDO_USER=bob zban ban 203.0.113.20
      zban ban 203.0.113.21
      setpriv --reuid ann --regid ann --init-groups env SUDO_USER=root USER=root zban ban 203.0.113.22`);
    const bans = JSON.parse(await box.must('zban list --json')) as { ip: string; actor: string }[];
    assert.deepEqual(
      bans.map(({ ip, actor }) => `${ip} ${actor}`),
      ['203.0.113.20 operator:bob', '203.0.113.21 operator:root', '203.0.113.22 operator:ann'],
    );
  });
});
