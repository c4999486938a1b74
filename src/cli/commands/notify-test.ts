import { tellLine } from '../ask-daemon.ts';
import { type Context, requireSocket } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { NOTIFY } from '../definitions/daemon.ts';
import { EXIT } from '../exit.ts';
import { reachDaemon } from '../reach-daemon.ts';

/** `zban notify test [CHANNEL]`: has the daemon send a test message and says for each channel whether it took it. */
export async function notifyTest(context: Context, { channel }: Given<typeof NOTIFY>): Promise<number> {
  const { output, json } = context;
  const result = await reachDaemon(context, requireSocket(context), 'notifyTest', { channel });
  const { channels } = result;
  if (json) output.json(result);
  else if (channels.length === 0) tellLine(output, false, result.message);
  else for (const { channel: name, ok, message } of channels) tellLine(output, ok, `${name}: ${message}`);
  if (channel !== undefined && channels.length === 0) return EXIT.notFound;
  return result.ok ? EXIT.done : EXIT.failed;
}
