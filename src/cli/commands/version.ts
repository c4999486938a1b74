import { VERSION } from '../../daemon/version.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit.ts';

/** `zban version`. */
export async function version({ output, json }: Context): Promise<number> {
  if (json) output.json({ version: VERSION, node: process.version });
  else output.data(VERSION);
  return EXIT.done;
}
