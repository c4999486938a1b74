import { printable } from '../../model/text.ts';
import { runSimulate, SimulateOptionError } from '../../simulate/command.ts';
import type { Context } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { SIMULATE } from '../definitions/logs.ts';
import { EXIT, wrongUsage } from '../exit.ts';
import { readCount, readPositive, readSpan } from '../options.ts';

/** `zban simulate`: writes the log of a made-up site, attacks included; for trying zban and for its tests. */
export async function simulate(context: Context, options: Given<typeof SIMULATE>): Promise<number> {
  const { output } = context;
  if (options.backlog !== undefined && !options.live)
    throw wrongUsage('--backlog goes with --live: without it --duration says how much is written');
  const end = new AbortController();
  const stop = () => end.abort();
  if (options.live) process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await runSimulate({
      ...options,
      seed: readCount('seed', options.seed, 0, 0xffffffff),
      rateRps: readPositive('rate', options.rate),
      speed: readPositive('speed', options.speed),
      durationMs: readSpan('duration', options.duration),
      backlogMs: readSpan('backlog', options.backlog),
      signal: end.signal,
      say: (message) => output.talk(printable(message)),
    });
  } catch (error) {
    if (error instanceof SimulateOptionError) throw wrongUsage(error.message, { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  return EXIT.done;
}
