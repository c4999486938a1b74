/** scripts/install and the unit under a real systemd: a Debian of its own, no network. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Box, bootBox, findObstacle, type Ran } from '../support/systemd-box.ts';
import { DEADLINE_MS } from '../support/until.ts';

const project = join(import.meta.dirname, '../..');
const obstacle = findObstacle();
if (obstacle !== undefined) console.error(`SKIPPED, the service under systemd: ${obstacle}`);

const LINE = (ip: string) =>
  JSON.stringify({ timestamp: 'NOW', source_ip: ip, method: 'GET', path: '/', status: '200', response_size: '5' });

/** What the page about swarms has for an operator. */
const SWARMS = readFileSync(join(project, 'docs/swarms.md'), 'utf8');
const LANES_CONFIG = 'firewall: {nginx: {lanes: /etc/nginx/zban-lanes.conf}}';

describe('the service under systemd', { skip: obstacle ?? false }, () => {
  let box: Box;
  let installed: Ran;

  /** Of the running daemon; never 0, which would mean everybody to kill(1). */
  const mainPid = async () => {
    const pid = await show('MainPID');
    assert.match(pid, /^[1-9]\d*$/, 'the service does not run');
    return pid;
  };
  const show = (property: string) => box.must(`systemctl show zban -P ${property}`);
  const status = async () => JSON.parse(await box.must('zban status --json')) as Record<string, unknown>;
  const configure = (text: string) => box.must(`cat >/etc/zban/config.d/50-test.yaml <<'END'\n${text}\nEND`);

  /** Polls until the answer is right; the box is a real system with times of its own. */
  async function until<T>(what: string, look: () => Promise<T>, right: (answer: T) => boolean): Promise<T> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const answer = await look();
      if (right(answer)) return answer;
      assert.ok(
        Date.now() < deadline,
        `${what}: still ${JSON.stringify(answer)}\n${await box.must('journalctl -u zban -n 40')}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  before(async () => {
    const built = spawnSync(join(project, 'scripts/zban'), ['--version'], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    box = await bootBox([`${project}:/src/zban`]);
    await box.must(`install -d -m 0750 -o www-data -g adm /var/log/nginx`);
    await box.must(`install -m 0640 -o www-data -g adm /dev/null /var/log/nginx/access.log`);
    installed = await box.run('/src/zban/scripts/install');
    if (installed.exitCode !== 0)
      throw new Error(`${installed.stderr}\n${(await box.run('journalctl -u zban -n 40')).stdout}`);
  });

  after(() => box?.stop());

  test('scripts/install installs, enables and starts it in observe mode, without a network', async () => {
    assert.equal(installed.stdout, '', 'talk goes to standard error');
    assert.match(installed.stderr, /mode: enforce/);
    assert.equal(await box.must('systemctl is-active zban'), 'active');
    assert.equal(await box.must('systemctl is-enabled zban'), 'enabled');
    assert.equal(await box.must('stat -c "%a %U:%G" /etc/zban/config.yaml'), '640 root:zban');
    assert.equal(await box.must('stat -c "%a %U:%G" /var/lib/zban /var/log/zban'), '750 zban:zban\n750 zban:zban');
    assert.equal((await status())['mode'], 'observe');
    assert.equal(
      await box.must('find /opt/zban ! -user root -o -perm /022 ! -type l | head'),
      '',
      'only root may change the program',
    );
  });

  test('it is active only once it is ready to answer', async () => {
    const seen = await box.must(`
      systemctl restart --no-block zban
      while [ $SECONDS -lt ${DEADLINE_MS / 1000} ]; do
        state=$(systemctl is-active zban)
        [ "$state" != active ] || { zban status >/dev/null && echo "active and answering" || echo "active but silent"; break; }
        echo "$state"; sleep 0.01
      done | uniq`);
    assert.match(seen, /activating\nactive and answering$/);
    assert.notEqual(await show('StatusText'), '');
  });

  test('it reads a log that belongs to the web server, and nothing it need not write is writable', async () => {
    const line = LINE('192.0.2.10').replace('NOW', String(Math.floor(Date.now() / 1000)));
    await box.must(`for i in 1 2 3; do echo '${line}' >>/var/log/nginx/access.log; done`);
    await until('lines are read', status, (answer) => Number(answer['lines_total']) >= 3);
    const pid = await mainPid();
    assert.equal(await box.must(`awk '/^CapEff/ {print $2}' /proc/${pid}/status`), '0000000000003004');
    assert.equal(await box.must(`awk '/^Uid/ {print $2 != 0}' /proc/${pid}/status`), '1');
    const { exitCode } = await box.run(`nsenter -t ${pid} -m touch /etc/zban/config.yaml`);
    assert.notEqual(exitCode, 0);
  });

  test('exit codes tell a missing permission', async () => {
    for (const command of ['zban status', 'zban list', 'zban ban 203.0.113.1']) {
      const { exitCode, stderr } = await box.run(`setpriv --reuid 65534 --regid 65534 --clear-groups ${command}`);
      assert.equal(exitCode, 4, `${command}: ${stderr}`);
    }
    const replay = await box.run('setpriv --reuid 65534 --regid 65534 --clear-groups zban replay /dev/null');
    assert.match(replay.stderr, /config\.yaml may not be read by this user: using the defaults/);
  });

  test('reload takes a good configuration and refuses a bad one without a stumble', async () => {
    const before = await status();
    const pid = await mainPid();
    await configure('mode: enforce');
    await box.must('systemctl reload zban');
    const changed = await until(
      'the new configuration',
      status,
      (now) => now['config_version'] !== before['config_version'],
    );
    assert.equal(changed['mode'], 'enforce');
    await configure('mode: enforc');
    const refused = await box.run('systemctl reload zban');
    assert.notEqual(refused.exitCode, 0);
    // The hard way, past the check in the unit.
    await box.must('systemctl kill -s HUP --kill-whom=main zban');
    await until(
      'the refusal in the journal',
      () => box.must('journalctl -u zban -o cat'),
      (text) => /enforc.*did you mean/.test(text),
    );
    assert.equal((await status())['config_version'], changed['config_version']);
    await configure('mode: enforce');
    assert.equal(await show('MainPID'), pid);
    assert.equal(await box.must('systemctl is-active zban'), 'active');
  });

  test('while nobody can parse the configuration, a ban is set and lifted all the same', async () => {
    await configure('mode: [enforce');
    for (const command of ['status', 'ban 203.0.113.8 --for 1h', 'unban 203.0.113.8']) {
      const { exitCode, stderr } = await box.run(`zban ${command}`);
      assert.equal(exitCode, 0, `${command}: ${stderr}`);
      assert.match(stderr, /50-test\.yaml:.*asking the daemon at \/run\/zban\/zban\.sock all the same/s);
    }
    const { exitCode, stderr } = await box.run('zban status --config /etc/zban/config.yaml');
    assert.equal(exitCode, 78, `a file that was named: ${stderr}`);
    await configure('mode: enforce');
  });

  test('where its folder in /run was removed, commands say that it runs, and how it gets the folder back', async () => {
    // As on any host; the box's own /run is for everybody.
    await box.must('chmod 755 /run && rm -r /run/zban');
    const { exitCode, stderr } = await box.run('zban status');
    assert.equal(exitCode, 1);
    assert.match(stderr, /a zban daemon runs, but nobody answers on .*: systemctl restart zban/s);
    await box.must('systemctl restart zban');
    assert.equal((await status())['mode'], 'enforce');
  });

  test('it bans through the kernel with the rights the unit leaves it', async () => {
    assert.equal((await status())['backend'], 'ipset');
    await box.must('zban ban 203.0.113.9 2001:db8:1::/64 --for 1h --reason test');
    assert.match(await box.must('ipset save'), /203\.0\.113\.9/);
    assert.match(await box.must('ipset save'), /2001:db8:1::\/64/);
    assert.match(await box.must('iptables-save'), /-A INPUT .*-j ZBAN/);
    assert.match(await box.must('ip6tables-save'), /-A INPUT .*-j ZBAN/);
  });

  test('with the lines of docs/swarms.md it gives nginx lanes, and takes them back', async () => {
    await box.must('install -m 755 /src/zban/test/systemd/nginx-rights /usr/sbin/nginx && mkdir -p /etc/nginx');
    const [folder, config] = ['/etc/systemd/system/zban.service.d', '/etc/zban/config.d/60-lanes.yaml'];
    await box.must(`cat >${config} <<'END'\n${LANES_CONFIG}\nEND`);
    const [unit = ''] = /\[Service\]\n(?: +\w+=.*\n)+/.exec(SWARMS) ?? [];
    await box.must(`mkdir ${folder} && printf '%s' '${unit}' | sed 's/^ *//' >${folder}/override.conf`);
    await box.must('systemctl daemon-reload && systemctl restart zban');
    const added = await box.run('zban lanes add --user-agent BadBot/1.0 --force');
    assert.equal(added.exitCode, 0, added.stderr);
    const lanes = () => box.must('cat /etc/nginx/zban-lanes.conf');
    assert.match(await lanes(), /BadBot/);
    const [, id] = /^lane (\S+): opened$/m.exec(added.stdout) ?? [];
    await box.must(`zban lanes drop ${id}`);
    assert.doesNotMatch(await lanes(), /BadBot/);
    // It is stopped next.
    await box.must(`rm -r ${folder} ${config} /usr/sbin/nginx /etc/nginx && systemctl daemon-reload`);
  });

  test('stopping keeps the bans, and the database answers without the daemon', async () => {
    await box.must('systemctl stop zban');
    assert.match(await box.must('ipset save'), /203\.0\.113\.9/);
    assert.match(await box.must('iptables-save'), /-j ZBAN/);
    assert.equal((await box.run('zban status')).exitCode, 3);
    const bans = JSON.parse(await box.must('zban list --json')) as { ip: string; condition: string }[];
    assert.deepEqual(bans.map(({ ip, condition }) => `${ip} ${condition}`).sort(), [
      '2001:db8:1::/64 manual',
      '203.0.113.9 manual',
    ]);
    assert.match(await box.must('zban explain 203.0.113.9'), /zban unban 203\.0\.113\.9/);
    assert.equal((await box.run('zban audit verify')).exitCode, 0);
  });

  test('firewall flush takes out everything of zban\u2019s, and a start puts the bans back', async () => {
    await box.must('iptables -A INPUT -s 198.51.100.1 -j ACCEPT');
    await box.must('zban firewall flush');
    assert.doesNotMatch(await box.must('iptables-save; ip6tables-save; ipset save'), /zban/i);
    assert.match(await box.must('iptables-save'), /198\.51\.100\.1/);
    await box.must('systemctl start zban');
    await until(
      'the bans',
      () => box.must('ipset save'),
      (text) => /203\.0\.113\.9/.test(text),
    );
    assert.equal((await box.run('zban firewall flush')).exitCode, 1, 'not while it runs');
  });

  const restarted = async (pid: string) => {
    await until(
      'another process',
      () => show('MainPID'),
      (now) => now !== pid && now !== '0',
    );
    await until(
      'active',
      () => show('ActiveState'),
      (state) => state === 'active',
    );
  };

  test('the watchdog restarts a daemon that hangs, and the bans stay', async () => {
    // An idle daemon gives signs of life every ten seconds, which is far too seldom for this limit.
    const line = LINE('192.0.2.10').replace('NOW', "'$(date +%s)'");
    const writer = await box.must(
      `(while sleep 1; do echo '${line}' >>/var/log/nginx/access.log; done) >/dev/null 2>&1 & echo $!`,
    );
    // Three seconds pass between two of them at most: a machine that stops a working daemon for two more does not make it one that hangs.
    await box.must(`mkdir -p /etc/systemd/system/zban.service.d
      printf '[Service]\nWatchdogSec=6s\nRestartSec=100ms\nTimeoutAbortSec=1s\n' >/etc/systemd/system/zban.service.d/test.conf
      systemctl daemon-reload && systemctl restart zban || { journalctl -u zban -n 40 >&2; exit 1; }`);
    const pid = await mainPid();
    const restarts = await show('NRestarts');
    const signOfLife = async () => Number(await show('WatchdogTimestampMonotonic'));
    const first = await signOfLife();
    await until('signs of life beyond the limit', signOfLife, (now) => now > first + 6_000_000);
    assert.equal(await show('MainPID'), pid, 'a daemon that works is left alone');
    await box.must(`kill -STOP ${pid}`);
    await restarted(pid);
    assert.equal(Number(await show('NRestarts')), Number(restarts) + 1);
    assert.match(await box.must('ipset save'), /203\.0\.113\.9/);
    await until(
      'an answer',
      () => box.run('zban status'),
      ({ exitCode }) => exitCode === 0,
    );
    await box.must(`kill ${writer}; rm /etc/systemd/system/zban.service.d/test.conf
      systemctl daemon-reload && systemctl restart zban`);
  });

  test('a killed daemon comes back', async () => {
    const pid = await mainPid();
    await box.must(`kill -KILL ${pid}`);
    await restarted(pid);
  });

  test('a bad configuration is said once and not tried again', async () => {
    await configure('mode: enforc');
    assert.notEqual((await box.run('systemctl restart zban')).exitCode, 0);
    assert.equal(await show('ActiveState'), 'failed');
    // A restart that is planned shows as activating.
    assert.equal(await show('SubState'), 'failed');
    assert.match(await box.must('journalctl -u zban -o cat'), /50-test\.yaml:1:1: mode: expected one of/);
    await configure('mode: enforce');
    await box.must('systemctl start zban');
  });

  test('installing again upgrades and keeps configuration and bans', async () => {
    await box.must('echo "# mine" >>/etc/zban/config.yaml');
    const pid = await mainPid();
    await box.must('/src/zban/scripts/install');
    assert.match(await box.must('cat /etc/zban/config.yaml'), /# mine$/);
    assert.notEqual(await show('MainPID'), pid);
    assert.match(await box.must('ipset save'), /203\.0\.113\.9/);
    assert.equal(await box.must('ls -d /opt/zban*'), '/opt/zban');
  });

  test('the exposure that systemd computes stays low', async () => {
    const said = await box.must('systemd-analyze security zban --no-pager | tail -1');
    const [, exposure = 'none'] = /level for zban\.service: ([\d.]+)/.exec(said) ?? [];
    assert.ok(Number(exposure) < 2, said);
  });

  test('scripts/uninstall leaves the data and nothing else, --purge nothing at all', async () => {
    await box.must('cp /opt/zban/scripts/uninstall /root && /root/uninstall');
    assert.doesNotMatch(await box.must('iptables-save; ip6tables-save; ipset save'), /zban/i);
    assert.equal(
      await box.must('ls -d /opt/zban* /usr/local/bin/zban /etc/systemd/system/zban.service 2>/dev/null || true'),
      '',
    );
    await box.must('test -s /var/lib/zban/zban.db && test -s /etc/zban/config.yaml');
    await box.must('/root/uninstall --purge');
    assert.equal(await box.must('ls -d /etc/zban /var/lib/zban /var/log/zban 2>/dev/null || true'), '');
    assert.notEqual((await box.run('getent passwd zban')).exitCode, 0);
  });
});
