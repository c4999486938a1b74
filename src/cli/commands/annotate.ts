import { ANNOTATION_LENGTH_MAX } from '../../model/limits.ts';
import { printOutcome } from '../ask-daemon.ts';
import { type Context, operatorName, requireSocket } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { ANNOTATE } from '../definitions/daemon.ts';
import { wrongUsage } from '../exit.ts';
import { refuseLonger } from '../options.ts';
import { reachDaemon } from '../reach-daemon.ts';

/** `zban annotate "deploy 1.4.2"`: a row of the audit trail that charts show and messages of the next minutes mention. */
export async function annotate(context: Context, options: Given<typeof ANNOTATE>): Promise<number> {
  const text = options.text.join(' ').trim();
  if (text === '') throw wrongUsage('what happened? zban annotate "deploy 1.4.2"');
  refuseLonger('the text', text, ANNOTATION_LENGTH_MAX);
  const request = { text, operator: operatorName(context.env) };
  return printOutcome(context, await reachDaemon(context, requireSocket(context), 'annotate', request));
}
