import { ANNOTATION_LENGTH_MAX } from '../../model/limits.ts';
import { printable } from '../../model/text.ts';
import { warnIfNotDurable } from '../ask-daemon.ts';
import { type Context, operatorName, requireSocket } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { ANNOTATE } from '../definitions/daemon.ts';
import { CommandError, EXIT } from '../exit.ts';
import { refuseLonger } from '../options.ts';
import { reachDaemon } from '../reach-daemon.ts';

/** `zban annotate "deploy 1.4.2"`: a row of the audit trail that charts show and messages of the next minutes mention. */
export async function annotate(context: Context, options: Given<typeof ANNOTATE>): Promise<number> {
  const { output, json, env } = context;
  const text = options.text.join(' ').trim();
  if (text === '') throw new CommandError(EXIT.usage, 'what happened? zban annotate "deploy 1.4.2"');
  refuseLonger('the text', text, ANNOTATION_LENGTH_MAX);
  const socket = requireSocket(context);
  const result = await reachDaemon(context, socket, 'annotate', { text, operator: operatorName(env) });
  if (json) output.json(result);
  else if (!result.ok) output.talk(`zban: ${printable(result.message)}`);
  else {
    output.say(printable(result.message));
    warnIfNotDurable(output, [result]);
  }
  return result.ok ? EXIT.done : EXIT.failed;
}
