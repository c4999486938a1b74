/** Does nginx log so that zban sees at once, and the right addresses? */
import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { parsePrefix } from '../core/net/prefix.ts';
import { findLogs } from '../source/discover.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { type NginxConfig, parseNginxConfig, takesForgedAddress } from './nginx-config.ts';

const CHECK = 'nginx';
/** A network so wide that anybody is in it. */
const BITS_MIN = { 4: 8, 6: 16 } as const;

/** `dump` is what `nginx -T` printed, undefined when it can't be run here. */
export function checkNginx(config: Config, dump: string | undefined): Finding[] {
  if (dump === undefined)
    return [
      warn(
        CHECK,
        'its configuration could not be read',
        'run zban doctor as root, on the host or in the container where nginx runs',
      ),
    ];
  const nginx = parseNginxConfig(dump);
  const found = [...checkAccessLogs(config, nginx), ...checkRealIp(config, nginx)];
  return found.length > 0 ? found : [ok(CHECK, 'logs at once, with addresses that clients cannot choose')];
}

function checkAccessLogs(config: Config, { accessLogs, formats }: NginxConfig): Finding[] {
  const followed = new Set(findLogs(config.logs.map(({ path }) => path)).logs.map(({ path }) => path));
  const found: Finding[] = [];
  for (const { path, format, options } of new Map(accessLogs.map((log) => [log.path, log])).values()) {
    if (!followed.has(resolve(path))) {
      if (path.startsWith('/') && !path.includes('$'))
        found.push(warn(CHECK, `writes ${path}, which zban does not follow`, `add it to logs: - path: ${path}`));
      continue;
    }
    const buffer = options.find((option) => /^(buffer|gzip|flush)/.test(option));
    if (buffer)
      found.push(
        warn(CHECK, `holds lines of ${path} back (${buffer}): a ban waits as long`, `take ${buffer} out of access_log`),
      );
    if (takesForgedAddress(formats.get(format) ?? '')) {
      found.push(
        fail(
          CHECK,
          `writes into ${path} the address that the client names itself: anybody can have anybody banned`,
          'log $remote_addr, and use set_real_ip_from with real_ip_header',
        ),
      );
    }
  }
  return found;
}

function checkRealIp({ firewall, mode }: Config, { realIpFrom, realIpHeader }: NginxConfig): Finding[] {
  const wide = realIpFrom.filter((text) => {
    const prefix = parsePrefix(text);
    return prefix !== undefined && prefix.bits < BITS_MIN[prefix.family];
  });
  if (wide.length > 0) {
    const message = `believes ${realIpHeader ?? 'X-Real-IP'} from anybody (set_real_ip_from ${wide.join(', ')}): a client can choose whom zban bans`;
    return [fail(CHECK, message, "name the proxy's own addresses in set_real_ip_from")];
  }
  if (realIpFrom.length === 0 || mode !== 'enforce' || firewall.backend === 'nginx' || firewall.backend === 'exec')
    return [];
  const message = 'takes addresses from a proxy (real_ip): a ban in the firewall does not stop who comes through it';
  return [warn(CHECK, message, 'set firewall.backend: nginx where all visitors come through the proxy')];
}
