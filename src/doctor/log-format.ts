/** Whom does a log name as the client by nginx's `log_format`: who connected, or whomever the client likes? */
import type { Config } from '../config/schema.ts';
import { type FieldKeys, fieldKeys } from '../parse/fields.ts';
import { about, type Finding } from './finding.ts';

const { warn, fail } = about('nginx');
/** What nginx itself knows of the connection (ngx_http_realip_module decides whom it believes). */
const TRUSTED = new Set(['remote_addr', 'realip_remote_addr', 'proxy_protocol_addr']);
/** What comes from the request as it is. */
const FROM_CLIENT =
  /^(http_|arg_|cookie_)|^(host|args|query_string|uri|document_uri|request|request_uri|remote_user|content_type|content_length|proxy_add_x_forwarded_for)$/;
/** What stands before the dash of `… - $remote_user [$time_local] "$request"`. */
const HEAD = /^(.*?) - \$\{?remote_user\b/;
const CURE = 'log $remote_addr, and use set_real_ip_from with real_ip_header';

/** What is wrong with a log that nginx writes by the `log_format` whose body is `format`, as zban was told to read it. */
export function checkLogFormat(path: string, format: string, log: Config['logs'][number]): Finding[] {
  const [, escaping, body = ''] = /^(?:escape=(\w+))?\s*(.*)$/s.exec(format) ?? [];
  const found: Finding[] = [];
  if (escaping === 'none') {
    const message = `writes into ${path} what clients send as it is (escape=none): they can write any line`;
    found.push(fail(message, 'write log_format NAME escape=json …'));
  }
  const isJson = log.format === 'json' || (log.format === 'auto' && body.startsWith('{'));
  const address = isJson ? jsonAddress(body, fieldKeys(log.fields as Parameters<typeof fieldKeys>[0])) : undefined;
  return [...found, ...(isJson ? checkAddress(path, address) : checkCombined(path, body, log.format))];
}

function checkCombined(path: string, body: string, format: Config['logs'][number]['format']): Finding[] {
  const words = (HEAD.exec(body)?.[1] ?? '').split(' ');
  const hasHost = words.length > 1;
  if (format !== 'vhost_combined') {
    // Without its shape no line is read.
    if (!hasHost) return checkAddress(path, variableOf(body));
    const message = `writes ${path} with ${words[0]} in front of the address: zban reads no line of it`;
    const isVhost = words.length === 2 && !FROM_CLIENT.test(variableOf(words[1] ?? '') ?? '');
    return [fail(message, isVhost ? 'set logs[].format: vhost_combined' : 'use the log_format of docs/first-week.md')];
  }
  if (!hasHost) {
    const message = `writes ${path} without a host in front: zban reads no line of it as vhost_combined`;
    return [fail(message, 'set logs[].format: combined')];
  }
  const [host, address] = words.map(variableOf);
  if (host?.startsWith('http_')) {
    const message = `writes $${host} into ${path} in front of the address: with a space in it a client moves the address`;
    return [fail(message, `write $host (nginx 1.21.1 or newer) or $server_name in the place of $${host}`)];
  }
  return checkAddress(path, address);
}

function checkAddress(path: string, address: string | undefined): Finding[] {
  if (address === undefined || TRUSTED.has(address)) return [];
  if (FROM_CLIENT.test(address)) {
    const message = `writes into ${path} the address that the client names itself ($${address}): anybody can have anybody banned`;
    return [fail(message, CURE)];
  }
  const message = `writes into ${path} $${address} as the client's address: see that no client can choose it`;
  return [warn(message, CURE)];
}

/** The variable that a text begins with. */
function variableOf(text: string): string | undefined {
  return /^\$\{?(\w+)/.exec(text)?.[1];
}

/** The variable behind the first of the address's keys that the format has. */
function jsonAddress(body: string, keys: FieldKeys): string | undefined {
  const members = new Map(
    [...body.matchAll(/"((?:[^"\\]|\\.)*)"\s*:\s*"?\$\{?(\w+)/g)].map(([, key, name]) => [key, name]),
  );
  const key = keys.source_ip.find((name) => members.has(name));
  return key === undefined ? undefined : members.get(key);
}
