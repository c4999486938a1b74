/** What only several keys together show. Runs on a configuration whose keys are each right. */
import { isNumber, isRecord } from '../model/shape.ts';
import { BITS_MIN, explainHostBits, parsePrefix } from '../net/prefix.ts';
import { SENSITIVITY_MAX } from '../settings/engine-settings.ts';
import { moveLimits } from '../settings/sensitivity.ts';
import type { Finding } from './explain-issue.ts';
import type { KeyPath } from './problem.ts';
import { type Config, configSchema } from './schema.ts';

function finding(path: KeyPath, message: string, hint?: string): Finding {
  return { path, message, hint, showReceived: false };
}

/** Contradictions: zban will not start with these. */
export function findContradictions(config: Config): readonly Finding[] {
  const found: Finding[] = [];
  const { baseline, detection } = config;
  found.push(...contradictionsOfNotify(config));
  if (baseline.recompute > baseline.window) {
    found.push(
      finding(['baseline', 'recompute'], 'is longer than baseline.window', 'recompute several times a window'),
    );
  }
  if (detection.window > baseline.window) {
    found.push(finding(['detection', 'window'], 'is longer than baseline.window', 'the baseline must see more'));
  }
  if (config.firewall.backend === 'exec' && config.firewall.exec.apply === undefined) {
    const hint = 'a program and its arguments, such as [/usr/local/sbin/my-firewall, apply]';
    found.push(finding(['firewall', 'backend'], 'is exec, and firewall.exec.apply says nothing', hint));
  }
  found.push(...contradictionsOfActions(config));
  const files = placesOf(config);
  for (const [index, [path, file]] of files.entries()) {
    const first = files.slice(0, index).find((other) => other[1] === file);
    if (first) found.push(finding(path, `is the same file as ${first[0].join('.')}`, 'give each a file of its own'));
  }
  return found;
}

/** The files that the daemon and commands have to agree on. */
function placesOf({ state, audit, control, logs }: Config): [KeyPath, string][] {
  return [
    [['state', 'database'], state.database],
    [['audit', 'log'], audit.log],
    [['control', 'socket'], control.socket],
    ...logs.map((log, index): [KeyPath, string] => [['logs', index, 'path'], log.path]),
  ];
}

function contradictionsOfNotify({ notify: { slack, webhook } }: Config): Finding[] {
  const twice = (path: KeyPath, key: string) =>
    finding([...path, key], `stands beside ${key}_file`, 'keep one of the two');
  const found: Finding[] = [];
  if (slack.webhook_url !== undefined && slack.webhook_url_file !== undefined)
    found.push(twice(['notify', 'slack'], 'webhook_url'));
  const names = ['slack', 'email'];
  for (const [index, { name, template, url, url_file, token, token_file }] of webhook.entries()) {
    const path: KeyPath = ['notify', 'webhook', index];
    if (url !== undefined && url_file !== undefined) found.push(twice(path, 'url'));
    if (token !== undefined && token_file !== undefined) found.push(twice(path, 'token'));
    const own = name ?? template;
    if (names.includes(own))
      found.push(finding([...path, 'name'], `is ${own}, as that of another channel`, 'give each a name of its own'));
    names.push(own);
  }
  return found;
}

function contradictionsOfActions({ http }: Config): Finding[] {
  // A token that travels unencrypted is anybody's.
  if (http.token_file === undefined || LOOPBACK.test(http.listen)) return [];
  const hint = 'use 127.0.0.1 and an SSH tunnel';
  return [finding(['http', 'token_file'], 'needs http.listen on a loopback address', hint)];
}

/** Doubts: zban starts, but the operator should know. */
export function findDoubts(config: Config): readonly Finding[] {
  return [...doubtsOfDetection(config), ...doubtsOfLimits(config), ...doubtsOfBans(config), ...doubtsOfPlaces(config)];
}

function doubtsOfDetection({ detection, baseline }: Config): Finding[] {
  const found = doubtsOfNetworks(['detection', 'translation_prefixes'], 'means', detection.translation_prefixes);
  for (const key of ['z_score', 'multiple', 'min_requests'] as const) {
    if (detection.error_surge[key] <= detection[key]) continue;
    const message = `is looser than detection.${key}: clients that draw errors should be held tighter`;
    found.push(finding(['detection', 'error_surge', key], message, `at most ${detection[key]}`));
  }
  if (baseline.warmup > baseline.window) {
    found.push(finding(['baseline', 'warmup'], 'is longer than baseline.window', 'the window is then never enough'));
  }
  return found;
}

/** Limits, as sensitivity moves them, that no sensitivity makes of the defaults. */
function doubtsOfLimits(config: Config): Finding[] {
  const defaults = configSchema.parse({});
  const tightest = moveLimits(defaults, SENSITIVITY_MAX);
  const inForce = moveLimits(config, config.sensitivity);
  return (['detection', 'baseline'] as const).flatMap((name) =>
    findTighter([name], inForce[name], tightest[name], defaults[name]),
  );
}

function findTighter(path: KeyPath, inForce: object, tightest: object, defaults: object): Finding[] {
  const [least, usual] = [new Map(Object.entries(tightest)), new Map(Object.entries(defaults))];
  return Object.entries(inForce).flatMap(([key, value]: [string, unknown]) => {
    const [min, fallback]: unknown[] = [least.get(key), usual.get(key)];
    if (isRecord(value) && isRecord(min) && isRecord(fallback))
      return findTighter([...path, key], value, min, fallback);
    if (!isNumber(value) || !isNumber(min) || min === fallback || value >= min) return [];
    const message = `comes to ${value}, less than any sensitivity makes of its default: visitors may be banned`;
    return [finding([...path, key], message, `at least ${min}`)];
  });
}

/** What is meant may be the address alone. */
function doubtsOfNetworks(path: KeyPath, verb: string, entries: readonly string[]): Finding[] {
  return entries.flatMap((entry, index) => {
    const message = explainHostBits(entry, verb);
    return message ? finding([...path, index], message, 'write the address alone, or the network') : [];
  });
}

function doubtsOfBans({ bans, firewall, mode }: Config): Finding[] {
  const found = doubtsOfNetworks(['bans', 'allowlist'], 'allows', bans.allowlist);
  for (const [index, entry] of bans.allowlist.entries()) {
    const prefix = parsePrefix(entry);
    if (prefix === undefined) continue;
    if (prefix.bits >= BITS_MIN[prefix.family]) continue;
    const whom = prefix.bits === 0 ? 'everybody' : 'a large part of the internet';
    found.push(finding(['bans', 'allowlist', index], `allows ${whom}`, 'nobody in it is ever banned'));
  }
  if (bans.schedule[0] === null) {
    found.push(finding(['bans', 'schedule', 0], 'bans for good at the first offence', 'begin with 10m'));
  }
  if (mode === 'enforce' && firewall.backend === 'dry-run') {
    found.push(finding(['firewall', 'backend'], 'dry-run bans nobody although mode is enforce', 'use auto'));
  }
  if (firewall.protect_ports.length === 0) {
    found.push(
      finding(['firewall', 'protect_ports'], 'protects no port', 'a false ban of yourself takes your SSH with it'),
    );
  }
  return found;
}

const LOOPBACK = /^(off$|localhost:|127\.|\[::1\]:)/;

function doubtsOfPlaces(config: Config): Finding[] {
  const { http, logs } = config;
  const found = placesOf(config).flatMap(([path, file]) =>
    file.startsWith('/')
      ? []
      : finding(path, 'is another file in each folder that zban is started in', 'begin it with /'),
  );
  if (!LOOPBACK.test(http.listen)) {
    const message = 'shows the dashboard, which has no password, beyond this host';
    found.push(finding(['http', 'listen'], message, 'use 127.0.0.1 and an SSH tunnel or a proxy'));
  }
  for (const [index, log] of logs.entries()) {
    if (['auto', 'json'].includes(log.format) || Object.keys(log.fields).length === 0) continue;
    found.push(finding(['logs', index, 'fields'], `has no effect on the ${log.format} format`, 'remove it'));
  }
  return found;
}
