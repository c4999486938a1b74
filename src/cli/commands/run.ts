import { runDaemon } from '../../daemon/daemon.ts';
import { type Context, DEFAULT_CONFIG } from '../context.ts';

/** `zban run`: the daemon in the foreground; resolves with its exit code when it has stopped. */
export function run(context: Context): Promise<number> {
  // Node.js 24 calls its main thread so, and thereby the process in ps and systemctl status.
  process.title = 'zban';
  return runDaemon({ configPath: context.configPath ?? DEFAULT_CONFIG });
}
