/** Places, rights, ways back in: what zban needs of the host it runs on. */
import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import type { Config } from '../config/schema.ts';
import { codeOf } from '../model/coded-error.ts';
import { openChannels } from '../notify/channels.ts';
import { about, type Finding } from './finding.ts';
import { restartWith, type Service, startWith } from './service.ts';

const FREE_BYTES_MIN = 100 * 1_048_576;
const FREE_SHARE_MIN = 0.05;

/** Folders that must take new files, and have room for them. `running` says whether a daemon answers. */
export function checkPlaces({ state, audit, control }: Config, running: boolean, service?: Service): Finding[] {
  const places = new Map([
    [dirname(state.database), 'database'],
    [dirname(audit.log), 'audit log'],
    [dirname(control.socket), 'socket'],
  ]);
  return [...places].map(([folder, what]) => {
    const found = checkPlace(folder, what);
    if (found !== 'missing') return found;
    // systemd or the daemon itself makes it, and systemd removes /run/zban when the service stops.
    const { fail, warn } = about(`folder ${folder}`);
    return running
      ? fail(`is gone while zban runs: it takes the ${what}`, restartWith(service))
      : warn(`is not there: zban makes it for the ${what} when it starts`, startWith(service));
  });
}

function checkPlace(folder: string, what: string): Finding | 'missing' {
  const { ok, warn, fail } = about(`folder ${folder}`);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    const { bavail, blocks, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    const megabytes = Math.floor(free / 1_048_576);
    if (free < FREE_BYTES_MIN || bavail < FREE_SHARE_MIN * blocks) {
      const level = free < FREE_BYTES_MIN / 10 ? fail : warn;
      return level(
        `${megabytes} MiB are free for the ${what}`,
        'make room: journalctl --vacuum-size=200M, apt-get clean',
      );
    }
    return ok(`takes the ${what}, ${megabytes} MiB free`);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return 'missing';
    if (code === 'EROFS') {
      const fix = `findmnt --target ${folder} shows where it is mounted; then: mount -o remount,rw MOUNT_POINT`;
      return fail(`is on a file system that is mounted read-only: it takes the ${what}`, fix);
    }
    const { username } = userInfo();
    const fix = `sudo zban doctor; if zban runs as ${username}: sudo chown ${username} ${folder}`;
    return fail(`cannot be written by ${username} (${code}): it takes the ${what}`, fix);
  }
}

/** A banned operator must still reach the port on which sshd listens. */
export function checkSsh(
  { firewall }: Config,
  env: Readonly<Record<string, string | undefined>>,
  sshdConfig = '/etc/ssh/sshd_config',
): Finding {
  const { ok, warn, fail } = about('SSH');
  const session = env['SSH_CONNECTION']?.split(' ')[3];
  const ports = new Set([...(session === undefined ? [] : [Number(session)]), ...configuredPorts(sshdConfig)]);
  const open = [...ports].filter((port) => !firewall.protect_ports.includes(port));
  const left = firewall.protect_ports;
  if (open.length === 0 && left.length === 0)
    return warn('a false ban of yourself takes your SSH with it', 'set firewall.protect_ports: [22]');
  if (open.length === 0) return ok(`a ban leaves ${left.length === 1 ? 'port' : 'ports'} ${left.join(', ')} open`);
  const wanted = [...firewall.protect_ports, ...open].join(', ');
  return fail(
    `sshd listens on port ${open.join(', ')}: a false ban would lock you out`,
    `set firewall.protect_ports: [${wanted}]`,
  );
}

function configuredPorts(path: string): number[] {
  try {
    return [...readFileSync(path, 'utf8').matchAll(/^\s*Port\s+(\d+)/gim)].map(([, port]) => Number(port));
  } catch {
    return [];
  }
}

/** Every channel that is configured: one that cannot be used, one with a doubt, one that is fine. */
export function checkChannels(
  { notify }: Config,
  env: Readonly<Record<string, string | undefined>>,
): readonly Finding[] {
  const channels = openChannels(notify, env);
  if (channels.length === 0)
    return [
      about('notifications').warn(
        'no channel is configured: nobody is notified of bans and attacks',
        'set notify.slack.webhook_url_file, notify.webhook or notify.email (docs/notifications.md), then: zban notify test',
      ),
    ];
  return channels.map((channel) => {
    const { ok, warn, fail } = about(`channel ${channel.name}`);
    const test = `zban notify test ${channel.name}`;
    if ('problem' in channel) return fail(channel.problem, `then: ${test}`);
    const [warning] = channel.warnings;
    if (warning !== undefined) return warn(warning, `then: ${test}`);
    return ok(`${channel.service} is configured; try it with ${test}`);
  });
}
