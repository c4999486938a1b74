import { callDaemon } from '../../control/client.ts';
import { type Context, requireSections } from '../context.ts';
import { EXIT } from '../exit.ts';
import { printable } from '../text.ts';

/** `zban notify test`: has the daemon send a test message and says whether Slack took it. */
export async function notifyTest(context: Context): Promise<number> {
  const { output, json } = context;
  const result = await callDaemon(requireSections(context, ['control']).control.socket, 'notifyTest');
  if (json) output.json(result);
  else if (result.ok) output.data(printable(result.message));
  else output.talk(`zban: ${printable(result.message)}`);
  return result.ok ? EXIT.done : EXIT.failed;
}
