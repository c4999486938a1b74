/** Reads config.yaml and what overlays it, and says everything that is wrong with them at once. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isRecord } from '../model/shape.ts';
import { findContradictions, findDoubts } from './cross-check.ts';
import { explainIssue, type Finding } from './explain-issue.ts';
import { type ConfigProblem, formatKeyPath, formatReceived, type KeyPath } from './problem.ts';
import { takeOutRemoved } from './removed-keys.ts';
import { type Config, configSchema } from './schema.ts';
import { loadYamlFile, type Position, type YamlFile } from './yaml-file.ts';

/** A configuration as it is in force, or every reason why it cannot be. */
export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      /** First 12 hex digits of the SHA-256 of the effective configuration, secrets left out. */
      readonly version: string;
      /** Doubts; zban runs with them. */
      readonly warnings: readonly ConfigProblem[];
      /** Every file that was read, in order. */
      readonly files: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly files: readonly string[] };

/**
 * Reads `file`, then the `*.yaml` files of the folder `config.d` beside it in the order of their names: maps are merged
 * key by key, lists and single values replace what stood before, keys without a value change nothing.
 * A missing or unreadable file is a problem like any other; nothing is thrown.
 */
export function loadConfig(file: string): LoadedConfig {
  const overlays = findOverlays(file);
  const files = [file, ...overlays.files];
  const loaded = files.map((name) => loadYamlFile(name));
  const problems = [...loaded.flatMap((one) => one.problems), ...overlays.problems];
  if (problems.length > 0) return { ok: false, problems, files };
  const checked = checkConfig(file, loaded);
  if (!checked.ok) return { ...checked, files };
  return { ...checked, warnings: [...checked.warnings, ...overlays.doubts], files };
}

/**
 * Some sections of a configuration of which others may be wrong, so that a ban can be lifted while somebody edits the
 * file. Undefined when these sections are wrong themselves, or a file cannot be read at all.
 */
export function loadSections<K extends keyof Config>(file: string, names: readonly K[]): Pick<Config, K> | undefined {
  const overlays = findOverlays(file);
  const loaded = [file, ...overlays.files].map((name) => loadYamlFile(name));
  if (overlays.problems.length > 0 || loaded.some((one) => one.problems.length > 0)) return undefined;
  const merged = takeOutRemoved(mergeFiles(loaded)).value;
  const entries: [string, unknown][] = [];
  for (const name of names) {
    const section = configSchema.shape[name].safeParse(childOf(merged, name));
    if (!section.success) return undefined;
    entries.push([name, section.data]);
  }
  return Object.fromEntries(entries) as Pick<Config, K>;
}

/** The defaults, where a command may run without a file. */
export function defaultConfig(): { readonly config: Config; readonly version: string } {
  const config = configSchema.parse({});
  return { config, version: configVersion(config) };
}

function findOverlays(file: string): { files: string[]; problems: ConfigProblem[]; doubts: ConfigProblem[] } {
  const folder = join(dirname(file), 'config.d');
  const nowhere = { path: '', line: undefined, column: undefined, received: undefined };
  const about = (name: string, message: string, hint?: string) => ({ file: name, message, hint, ...nowhere });
  try {
    if (!existsSync(folder)) return { files: [], problems: [], doubts: [] };
    const names = readdirSync(folder).filter((name) => !basename(name).startsWith('.'));
    const pathsOf = (end: string) =>
      names
        .filter((name) => name.endsWith(end))
        .sort()
        .map((name) => join(folder, name));
    const doubts = pathsOf('.yml').map((name) => about(name, 'is not read', 'end its name in .yaml'));
    return { files: pathsOf('.yaml'), problems: [], doubts };
  } catch (error) {
    return { files: [], problems: [about(folder, `cannot be read: ${(error as Error).message}`)], doubts: [] };
  }
}

/** The files' values as one configuration; `file` names what no key can be blamed for. */
export function checkConfig(file: string, loaded: readonly YamlFile[]) {
  const merged = mergeFiles(loaded);
  const { value, found: removed } = takeOutRemoved(merged);
  const positions = new Map(loaded.flatMap((one) => [...one.positions]));
  const valueAt = (path: KeyPath) => path.reduce<unknown>((value, step) => childOf(value, step), merged);
  const place = (finding: Finding) => placeFinding(finding, file, positions, valueAt);
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) {
    const findings = parsed.error.issues.flatMap((issue) => explainIssue(issue, valueAt));
    // What is said of a value after the first is often said of what it is not: text has no entries.
    const firsts = new Map(findings.toReversed().map((finding) => [finding.path.join('\0'), finding]));
    return { ok: false as const, problems: sortByPlace([...firsts.values()].map(place)) };
  }
  const contradictions = findContradictions(parsed.data).map(place);
  if (contradictions.length > 0) return { ok: false as const, problems: sortByPlace(contradictions) };
  const warnings = sortByPlace([...removed, ...findDoubts(parsed.data)].map(place));
  return { ok: true as const, config: parsed.data, version: configVersion(parsed.data), warnings };
}

function mergeFiles(loaded: readonly YamlFile[]): Record<string, unknown> {
  let merged: Record<string, unknown> = {};
  for (const { value } of loaded) merged = merge(merged, value) as Record<string, unknown>;
  return merged;
}

function merge(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over;
  const entries = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) entries.set(key, merge(entries.get(key), value));
  return Object.fromEntries(entries);
}

function childOf(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isRecord(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function placeFinding(
  finding: Finding,
  file: string,
  positions: ReadonlyMap<string, Position>,
  valueAt: (path: KeyPath) => unknown,
): ConfigProblem {
  // A missing key stands nowhere: its nearest parent does.
  let length = finding.path.length;
  while (length > 0 && !positions.has(formatKeyPath(finding.path.slice(0, length)))) length--;
  const position = positions.get(formatKeyPath(finding.path.slice(0, length)));
  return {
    file: position?.file ?? file,
    path: formatKeyPath(finding.path),
    line: position?.line,
    column: position?.column,
    message: finding.message,
    received: finding.showReceived ? formatReceived(valueAt(finding.path), finding.path) : undefined,
    hint: finding.hint,
  };
}

function sortByPlace(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const order = (a: ConfigProblem, b: ConfigProblem) =>
    (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
  return problems.toSorted((a, b) => (a.file === b.file ? order(a, b) : a.file < b.file ? -1 : 1));
}

/** First 12 hex digits of the SHA-256 over the configuration as sorted JSON, secrets left out. */
function configVersion(config: Config): string {
  const { slack, webhook, ...rest } = config.notify;
  const { webhook_url: _secret, ...openSlack } = slack;
  const openWebhooks = webhook.map(({ url: _url, token: _token, ...open }) => open);
  const { url: _address, ...fleet } = config.fleet ?? {};
  const open = {
    ...config,
    ...(config.fleet && { fleet }),
    notify: { ...rest, slack: openSlack, webhook: openWebhooks },
  };
  const sorted = JSON.stringify(open, (_key, value: unknown) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  return createHash('sha256').update(sorted).digest('hex').slice(0, 12);
}
