/** Does nginx log so that zban sees at once, and the right addresses? */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { BACKENDS } from '../enforce/backends.ts';
import { BITS_MIN, parsePrefix } from '../net/prefix.ts';
import { findLogs } from '../source/discover.ts';
import { about, type Finding } from './finding.ts';
import { checkLogFormat } from './log-format.ts';
import { type NginxConfig, parseNginxConfig } from './nginx-config.ts';

const { ok, warn, fail } = about('nginx');
/** The format that nginx knows without being told. */
const COMBINED = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent';

/** What `nginx -T` printed, or why it printed nothing, in its own words. */
export type NginxDump =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'failed'; readonly said: string };

const DUMP_TIMEOUT_MS = 5000;
/** Configurations of big hosts have a few MB. */
const DUMP_BYTES_MAX = 1 << 26;

/** Runs `firewall.nginx.test`, which changes nothing. Never rejects. */
export function dumpNginx([command = 'nginx', ...words]: readonly string[]): Promise<NginxDump> {
  return new Promise((resolve) => {
    execFile(command, words, { timeout: DUMP_TIMEOUT_MS, maxBuffer: DUMP_BYTES_MAX }, (error, stdout, stderr) => {
      if (!error) resolve({ kind: 'read', text: stdout });
      else if (error.code === 'ENOENT') resolve({ kind: 'missing' });
      else if (process.getuid?.() !== 0 && /permission denied|EACCES/i.test(stderr + error.message))
        resolve({ kind: 'forbidden' });
      else if (error.killed) resolve({ kind: 'failed', said: `no answer within ${DUMP_TIMEOUT_MS / 1000} s` });
      else resolve({ kind: 'failed', said: findReason(stderr) || error.message });
    });
  });
}

/** The line that says what is wrong; nginx may say other things before and after it. */
function findReason(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /\[(emerg|alert|crit)\]/.test(line)) ?? lines[0] ?? '').trim();
}

export function checkNginx(config: Config, dump: NginxDump): Finding[] {
  if (dump.kind !== 'read') return [explainFailure(config, dump)];
  const nginx = parseNginxConfig(dump.text);
  const found = [...checkAccessLogs(config, nginx), ...checkDoubled(config, nginx), ...checkRealIp(config, nginx)];
  return found.length > 0 ? found : [ok('logs at once, with addresses that clients cannot choose')];
}

function explainFailure({ firewall }: Config, dump: Exclude<NginxDump, { kind: 'read' }>): Finding {
  const command = firewall.nginx.test.join(' ');
  if (dump.kind === 'missing')
    return warn(
      `its configuration was not looked at: there is no ${firewall.nginx.test[0]} here`,
      'run zban doctor where nginx runs; where its configuration is read otherwise, set firewall.nginx.test',
    );
  if (dump.kind === 'forbidden')
    return warn('its configuration was not looked at: this user may not read it', 'sudo zban doctor');
  const level = firewall.backend === 'nginx' ? fail : warn;
  const message = `refuses its configuration, and would not start again: ${dump.said}`;
  return level(message, `correct what it names until this succeeds: ${command}`);
}

function checkAccessLogs(config: Config, { accessLogs, formats }: NginxConfig): Finding[] {
  const followed = followedPaths(config);
  const found: Finding[] = [];
  for (const { path, format, options } of new Map(accessLogs.map((log) => [log.path, log])).values()) {
    const index = followed.get(resolve(path));
    if (index === undefined) {
      if (path.startsWith('/') && !path.includes('$'))
        found.push(warn(`writes ${path}, which zban does not follow`, `add it to logs: - path: ${path}`));
      continue;
    }
    const buffer = options.find((option) => /^(buffer|gzip|flush)/.test(option));
    if (buffer)
      found.push(
        warn(`holds lines of ${path} back (${buffer}): a ban waits as long`, `take ${buffer} out of access_log`),
      );
    const log = config.logs[index];
    const body = format === 'combined' ? COMBINED : formats.get(format);
    if (log && body !== undefined) found.push(...checkLogFormat(path, body, log));
  }
  return found;
}

/** nginx writes each request with every access_log line of a block (ngx_http_log_module), Debian's own one included. */
function checkDoubled(config: Config, { accessLogs }: NginxConfig): Finding[] {
  const followed = followedPaths(config);
  const blocks = Map.groupBy(
    accessLogs.filter(
      ({ path, options }) => followed.has(resolve(path)) && !options.some((each) => each.startsWith('if=')),
    ),
    ({ block }) => block,
  );
  return [...blocks.values()].flatMap((logs) => {
    if (logs.length < 2) return [];
    const lines = logs.map(({ path, format }) => `access_log ${path} ${format};`);
    const message = `writes each request ${logs.length} times into logs that zban follows (${lines.join(' ')}): it counts as often`;
    return [fail(message, `keep the line that names the format for zban, and remove the other from the same block`)];
  });
}

/** The followed logs, each with its index in `logs`. */
function followedPaths(config: Config): ReadonlyMap<string, number> {
  return new Map(findLogs(config.logs.map(({ path }) => path)).logs.map(({ path, index }) => [path, index]));
}

function checkRealIp({ firewall, mode }: Config, { realIpFrom, realIpHeader }: NginxConfig): Finding[] {
  const wide = realIpFrom.filter((text) => {
    const prefix = parsePrefix(text);
    return prefix !== undefined && prefix.bits < BITS_MIN[prefix.family];
  });
  if (wide.length > 0) {
    const message = `believes ${realIpHeader ?? 'X-Real-IP'} from anybody (set_real_ip_from ${wide.join(', ')}): a client can choose whom zban bans`;
    return [fail(message, "name the proxy's own addresses in set_real_ip_from")];
  }
  if (realIpFrom.length === 0 || mode !== 'enforce' || BACKENDS.get(firewall.backend)?.seesThroughProxies) return [];
  const message = 'takes addresses from a proxy (real_ip): a ban in the firewall does not stop who comes through it';
  return [warn(message, 'set firewall.backend: nginx where all visitors come through the proxy')];
}
