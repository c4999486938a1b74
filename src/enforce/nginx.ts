/**
 * Bans in an include file of nginx, for hosts behind a proxy: the firewall sees only the proxy, nginx (with real_ip) the
 * client. http://nginx.org/en/docs/http/ngx_http_access_module.html, …/ngx_http_geo_module.html
 */
import { constants } from 'node:fs';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type EnforcementBackend, EnforcementError, type KernelBan } from './backend.ts';
import { BanTable } from './ban-table.ts';
import type { CommandRunner } from './command.ts';
import { throwRefusals } from './target.ts';

/** A reload starts new worker processes: not more often than this. */
const RELOAD_PAUSE_MS = 1000;
const HEADER = '# Written by zban; changes are overwritten.\n';

export interface NginxOptions {
  /** `firewall.nginx.file`: the include file. */
  readonly file: string;
  /** `deny` lines for the access module, or `geo` lines for a variable. */
  readonly format: 'deny' | 'geo';
  /** Prints the whole configuration and fails when it is wrong, such as `nginx -T`. */
  readonly test: readonly [string, ...string[]];
  /** Has nginx take over its configuration. */
  readonly reload: readonly [string, ...string[]];
  readonly run: CommandRunner;
  /** Monotonic milliseconds; default performance.now. */
  readonly elapsedMs?: () => number;
}

export function createNginxBackend(options: NginxOptions): EnforcementBackend {
  const { file, run, elapsedMs = () => performance.now() } = options;
  let table = new BanTable();
  /** What nginx is known to have loaded; undefined after a start. */
  let loaded: string | undefined;
  let reloadedMs = Number.NEGATIVE_INFINITY;

  const load = async (text: string): Promise<void> => {
    const before = await readText(file);
    if (text !== before) await replaceFile(file, text);
    try {
      await testConfiguration(options);
    } catch (error) {
      // A file that nginx refuses would keep it from starting again.
      if (text !== before) await replaceFile(file, before ?? HEADER);
      throw error;
    }
    const pauseMs = reloadedMs + RELOAD_PAUSE_MS - elapsedMs();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    reloadedMs = elapsedMs();
    await run({ argv: options.reload });
    loaded = text;
  };

  return {
    name: 'nginx',
    longestMs: Number.POSITIVE_INFINITY,
    async setUp() {
      const text = await readText(file);
      if (text !== undefined && text === loaded) {
        await testConfiguration(options);
        return [];
      }
      table = new BanTable(text === undefined ? [] : parseFile(text));
      await load(formatFile(table, options.format));
      if (text === undefined) return [`${file} was missing`];
      return text === loaded ? [] : [`${file} was not as zban left it`];
    },
    async list(onBan) {
      table.list().forEach(onBan);
    },
    async confirm(operations, nowMs) {
      return loaded !== undefined && (await readText(file)) === loaded && table.shows(operations, nowMs);
    },
    async apply(operations, nowMs) {
      const next = new BanTable(table.list());
      const refusals = next.apply(operations, nowMs);
      const text = formatFile(next, options.format);
      if (text !== loaded) await load(text);
      table = next;
      throwRefusals(refusals);
    },
  };
}

/** Empties the include file, which must stay: nginx would not start without it. */
export async function emptyNginxFile(options: NginxOptions): Promise<void> {
  const text = await readText(options.file);
  if (text === undefined || parseFile(text).length === 0) return;
  await replaceFile(options.file, HEADER);
  await testConfiguration(options);
  await options.run({ argv: options.reload });
}

/** Rejects unless nginx's configuration is right and includes the file. */
async function testConfiguration({ file, test, run, format }: NginxOptions): Promise<void> {
  let included = false;
  const mark = `# configuration file ${file}:`;
  await run({
    argv: test,
    onLine: (line) => {
      included ||= line === mark;
    },
  });
  if (included) return;
  const where =
    format === 'deny'
      ? `put "include ${file};" into its http block`
      : `put "geo $zban { default 0; include ${file}; }" into its http block and "if ($zban) { return 403; }" into its servers`;
  throw new EnforcementError('kernel_refused', `nginx does not include ${file}: ${where}`);
}

function formatFile({ ends }: BanTable, format: NginxOptions['format']): string {
  const lines = [...ends].map(([target, untilMs]) => {
    const end = untilMs === null ? 'permanent' : `until ${new Date(untilMs).toISOString()}`;
    return format === 'deny' ? `deny ${target}; # ${end}\n` : `${target} 1; # ${end}\n`;
  });
  return `${HEADER}${lines.join('')}`;
}

/** The bans in either format; lines of others are left out. */
function parseFile(text: string): KernelBan[] {
  return [...text.matchAll(/^(?:deny ([\da-f.:/]+)|([\da-f.:/]+) 1); # (?:permanent|until (\S+))$/gm)].flatMap(
    ([, denied, valued, end]) => {
      const target = denied ?? valued ?? '';
      const untilMs = end === undefined ? null : Date.parse(end);
      return Number.isNaN(untilMs) ? [] : [{ target, untilMs }];
    },
  );
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw fileError(file, error);
  }
}

/** Whole or not at all, also when the power fails. */
async function replaceFile(file: string, text: string): Promise<void> {
  const next = join(dirname(file), `.${basename(file)}.new`);
  try {
    const handle = await open(next, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
  } catch (error) {
    await unlink(next).catch(() => {});
    throw fileError(file, error);
  }
}

function fileError(file: string, error: unknown): EnforcementError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const mend = denied ? ': let the service write there (firewall.nginx.file, ReadWritePaths= of its unit)' : '';
  return new EnforcementError(denied ? 'no_permission' : 'kernel_refused', `cannot write ${file}: ${code}${mend}`);
}
