/** The zban that users run, built anew where an edit was not: tests that start it as a process start this one. */
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../..');
const setUp = 'set -euo pipefail; . "$root/scripts/setup.sh"; set_up';
execFileSync('bash', ['-c', setUp], { env: { ...process.env, root }, stdio: 'inherit' });

export const MAIN = join(root, 'dist/zban.js');

/** The module that it loads for every command, with `runCommandLine`: half the work of loading the sources. */
const [commandLine = '', ...others] = globSync(join(root, 'dist/command-line-*.js'));
if (commandLine === '' || others.length > 0) throw new Error('dist/ should have one command-line-*.js');
export const COMMAND_LINE = pathToFileURL(commandLine).href;
