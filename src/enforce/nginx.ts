/**
 * Bans in an include file of nginx, for hosts behind a proxy: the firewall sees only the proxy, nginx (with real_ip) the
 * client. http://nginx.org/en/docs/http/ngx_http_access_module.html, …/ngx_http_geo_module.html
 */
import type { FirewallSettings } from '../settings/firewall-settings.ts';
import type { EnforcementBackend, KernelBan } from './backend.ts';
import type { BackendKind } from './backend-kind.ts';
import { BanTable } from './ban-table.ts';
import { NginxInclude, type NginxProgram } from './nginx-include.ts';
import { throwRefusals } from './target.ts';

const HEADER = '# Written by zban; changes are overwritten.\n';

export type NginxOptions = FirewallSettings['nginx'] & NginxProgram;

export function createNginxBackend(options: NginxOptions): EnforcementBackend {
  const { file } = options;
  const include = includeOf(options);
  let table = new BanTable();

  return {
    name: 'nginx',
    longestMs: Number.POSITIVE_INFINITY,
    async setUp() {
      const text = await include.read();
      if (text !== undefined && text === include.loaded) {
        await include.test();
        return [];
      }
      table = new BanTable(text === undefined ? [] : parseFile(text));
      await include.load(formatFile(table, options.format));
      if (text === undefined) return [`${file} was missing`];
      return text === include.loaded ? [] : [`${file} was not as zban left it`];
    },
    async list(onBan) {
      table.list().forEach(onBan);
    },
    async confirm(operations, nowMs) {
      return (
        include.loaded !== undefined && (await include.read()) === include.loaded && table.shows(operations, nowMs)
      );
    },
    async apply(operations, nowMs) {
      if (include.loaded === undefined) {
        table = new BanTable(parseFile((await include.read()) ?? ''));
        // Beside a stopped daemon, perhaps of another backend: nginx need not be there.
        if (operations.every(({ untilMs }) => untilMs === undefined) && table.shows(operations, nowMs)) return;
      }
      const next = new BanTable(table.list());
      const refusals = next.apply(operations, nowMs);
      const text = formatFile(next, options.format);
      if (text !== include.loaded) await include.load(text);
      table = next;
      throwRefusals(refusals);
    },
  };
}

export const nginx: BackendKind = {
  open: ({ settings, run }) => createNginxBackend({ ...settings.nginx, run }),
  leavings: [({ settings, run }) => emptyNginxFile({ ...settings.nginx, run })],
  seesThroughProxies: true,
  packages: 'nginx',
  fix: ({ nginx: { test } }) => `correct what it names until this succeeds: ${test.join(' ')}`,
};

/** Lifts all bans in the include file. */
export async function emptyNginxFile(options: NginxOptions): Promise<void> {
  await includeOf(options).clear((text) => parseFile(text).length === 0);
}

function includeOf(options: NginxOptions): NginxInclude {
  const { file, format } = options;
  const where =
    format === 'deny'
      ? `put "include ${file};" into its http block`
      : `put "geo $zban { default 0; include ${file}; }" into its http block and "if ($zban) { return 403; }" into its servers`;
  return new NginxInclude({ ...options, empty: HEADER, where });
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
