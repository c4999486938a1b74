import { ControlError } from '../../control/error.ts';
import { flushFirewall } from '../../enforce/pick.ts';
import { type Context, logOf, requireSections } from '../context.ts';
import { CommandError, EXIT } from '../exit.ts';
import { reachDaemon } from '../reach-daemon.ts';

/**
 * `zban firewall flush`: takes zban's chain, jumps and sets out of the kernel and nothing else. Refuses while the daemon
 * runs, which puts them back within seconds where it enforces. The bans stay recorded: the daemon enforces what is left of them
 * when it starts again.
 */
export async function firewallFlush(context: Context): Promise<number> {
  const config = requireSections(context, ['control', 'firewall']);
  if (await isRunning(context, config.control.socket)) {
    const message = 'the daemon is running: systemctl stop zban first, or lift the bans with zban unban --all';
    throw new CommandError(EXIT.failed, message);
  }
  const settings = config.firewall;
  await flushFirewall({ settings, log: logOf(context) });
  context.output.talk(
    `zban: nothing of ${settings.chain} is left in the firewall; recorded bans come back when zban starts again`,
  );
  return EXIT.done;
}

async function isRunning(context: Context, socket: string): Promise<boolean> {
  try {
    await reachDaemon(context, socket, 'status', undefined, { timeoutMs: 5000 });
    return true;
  } catch (error) {
    // Anyone who answers at all, even with an error, is alive.
    return !(error instanceof ControlError && error.code === 'not_running');
  }
}
