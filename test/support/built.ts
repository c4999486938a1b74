/** The zban that users run, built anew where an edit was not: tests that start it as a process start this one. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const setUp = 'set -euo pipefail; . "$root/scripts/setup.sh"; set_up';
execFileSync('bash', ['-c', setUp], { env: { ...process.env, root }, stdio: 'inherit' });

export const MAIN = join(root, 'dist/zban.js');
