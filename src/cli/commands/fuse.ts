import { ControlError } from '../../control/error.ts';
import { printOutcome } from '../ask-daemon.ts';
import { type Context, requireSocket, whoAsks } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { FUSE } from '../definitions/daemon.ts';
import { CommandError, EXIT } from '../exit.ts';
import { reachDaemon } from '../reach-daemon.ts';

/** `zban fuse reset`: lets banning resume at once. A stopped daemon has no fuse: it starts with one that has not tripped. */
export async function resetFuse(context: Context, options: Given<typeof FUSE>): Promise<number> {
  const socket = requireSocket(context);
  const result = await reachDaemon(context, socket, 'resetFuse', whoAsks(context, options)).catch((error: unknown) => {
    if (!(error instanceof ControlError && error.code === 'not_running')) throw error;
    const message = `${error.message}; it starts with a fuse that has not tripped, there is nothing to reset`;
    throw new CommandError(EXIT.notRunning, message, { cause: error });
  });
  return printOutcome(context, result);
}
