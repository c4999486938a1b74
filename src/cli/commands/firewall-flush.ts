import { describeOwner, findOtherOwner } from '../../control/chain-owner.ts';
import { ControlError } from '../../control/error.ts';
import { flushFirewall } from '../../enforce/pick.ts';
import { removeLock } from '../../record/database/file-lock.ts';
import { type Context, logOf, requireSections } from '../context.ts';
import { CommandError, EXIT } from '../exit.ts';
import { findStatus } from '../reach-daemon.ts';

const DAEMON_TIMEOUT_MS = 5000;

/**
 * `zban firewall flush`: takes zban's chain, jumps and sets out of the kernel and nothing else. Refuses while the daemon
 * runs, which puts them back within seconds where it enforces. The bans stay recorded: the daemon enforces what is left of them
 * when it starts again.
 */
export async function firewallFlush(context: Context): Promise<number> {
  const config = requireSections(context, ['control', 'firewall']);
  const answer = await findStatus(context, config.control.socket, DAEMON_TIMEOUT_MS);
  // Anyone who answers at all, even with an error, is alive.
  if (!(answer instanceof ControlError && answer.code === 'not_running')) {
    const message = 'the daemon is running: systemctl stop zban first, or lift the bans with zban unban --all';
    throw new CommandError(EXIT.failed, message);
  }
  const settings = config.firewall;
  const owner = await findOtherOwner(settings.chain, config.control.socket);
  if (owner) {
    const message = `${describeOwner(settings.chain, owner)}; its bans are left alone: stop that one first`;
    throw new CommandError(EXIT.failed, message);
  }
  await flushFirewall({ settings, log: logOf(context) });
  for (const path of [settings.nginx.file, settings.nginx.lanes]) if (path) removeLock(path);
  context.output.talk(
    `zban: nothing of ${settings.chain} is left in the firewall; recorded bans come back when zban starts again`,
  );
  return EXIT.done;
}
