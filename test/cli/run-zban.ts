/** Runs the command line from source. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { MAIN } from '../support/built.ts';
import { runBesideTest } from '../support/command-thread.ts';
import { DEADLINE_MS } from '../support/until.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

process.env['TZ'] = 'UTC';

/** What the process itself prints, reads or is told of the time zone. */
const OF_PROCESS = /^(--?h(elp)?|help|--version|-|run|simulate|top)$/;

/** As a person would, in a process or, where that makes no difference, in a thread, which starts sooner. */
export async function runZban(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ran> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  if (input === '' && env['TZ'] === undefined && !words.some((word) => OF_PROCESS.test(word))) {
    const { status, stdout, stderr } = await runBesideTest(words, { PATH, ...env });
    return { exitCode: status ?? -1, stdout, stderr };
  }
  const options = { env: { PATH, NODE_COMPILE_CACHE, TZ: 'UTC', ...env }, timeout: DEADLINE_MS, maxBuffer: 1 << 26 };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...words], options, (error, stdout, stderr) => {
      resolve({ exitCode: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
    // A command that reads nothing may have ended before this is written: a broken pipe.
    child.stdin?.on('error', () => {}).end(input);
  });
}

/** A folder with a configuration whose every path is inside it. */
export function place(t: Pick<TestContext, 'after'>, extra = ''): { folder: string; config: string; socket: string } {
  const folder = mkdtempSync(join(tmpdir(), 'zban-cli-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'config.yaml');
  const socket = join(folder, 'zban.sock');
  const lines = [
    `logs: [{ path: ${folder}/access.log }]`,
    `state: { database: ${folder}/zban.db }`,
    `audit: { log: ${folder}/audit.log }`,
    `control: { socket: ${socket} }`,
    'firewall: { backend: dry-run }',
    'http: { listen: "off" }',
    `who: { table: ${folder}/who.table, dns: false }`,
    extra,
  ];
  writeFileSync(config, lines.join('\n'));
  return { folder, config, socket };
}
