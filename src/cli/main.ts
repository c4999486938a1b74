#!/usr/bin/env node
/** Entry of the command line. Loads as little as the command needs: most commands should feel instant. */
import { VERSION } from '../daemon/version.ts';

/** Older Node.js crashes in the database's binary instead of saying why. */
const NODE_MAJOR_MIN = 24;

// nginx's "reopen the logs". zban's own log follows its file through rotation, so there is nothing to do; but without a
// listener Node.js would open its debugger to every local user, where it was not started with --disable-sigusr1.
process.on('SIGUSR1', () => {});

// `zban audit | head`: the reader has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const words = process.argv.slice(2);
if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(`zban needs Node.js ${NODE_MAJOR_MIN} or later, this is ${process.version}: use scripts/zban\n`);
  process.exitCode = 1;
} else if (words.length === 1 && words[0] === '--version') {
  process.stdout.write(`${VERSION}\n`);
} else {
  const { runCommandLine } = await import('./command-line.ts');
  process.exitCode = await runCommandLine(words, VERSION);
}
