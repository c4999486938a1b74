import { runDaemon } from '../../daemon/daemon.ts';
import { requirePermitted } from '../config-path.ts';
import type { Context } from '../context.ts';
import { ProgressBar } from '../progress-bar.ts';

/** `zban run`: the daemon in the foreground; resolves with its exit code when it has stopped. */
export async function run(context: Pick<Context, 'configPath'>): Promise<number> {
  // Node.js 24 calls its main thread so, and thereby the process in ps and systemctl status.
  process.title = 'zban';
  return runDaemon({ configPath: requirePermitted(context), screen: new ProgressBar('learning') });
}
