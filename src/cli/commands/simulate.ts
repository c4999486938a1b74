import { printable } from '../../model/text.ts';
import { runSimulate, SimulateOptionError, type SimulateOptions } from '../../simulate/command.ts';
import type { Context } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { SIMULATE } from '../definitions/logs.ts';
import { CommandError, EXIT } from '../exit.ts';
import { readCount, readPositive, readSpan } from '../options.ts';

/** `zban simulate`: writes the log of a made-up site, attacks included; for trying zban and for its tests. */
export async function simulate(context: Context, options: Given<typeof SIMULATE>): Promise<number> {
  const { output } = context;
  if (options.backlog !== undefined && !options.live)
    throw new CommandError(EXIT.usage, '--backlog goes with --live: without it --duration says how much is written');
  const end = new AbortController();
  const stop = () => end.abort();
  if (options.live) process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await runSimulate({
      ...readOptions(options),
      signal: end.signal,
      say: (message) => output.talk(printable(message)),
    });
  } catch (error) {
    if (error instanceof SimulateOptionError) throw new CommandError(EXIT.usage, error.message, { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  return EXIT.done;
}

function readOptions(options: Given<typeof SIMULATE>): SimulateOptions {
  const { out, live, steady, site, format, attacks, labels } = options;
  const read = {
    live,
    steady,
    site,
    format,
    attacks,
    labels,
    seed: readCount('seed', options.seed, 0, 0xffffffff),
    rateRps: readPositive('rate', options.rate),
    speed: readPositive('speed', options.speed),
    durationMs: readSpan('duration', options.duration),
    backlogMs: readSpan('backlog', options.backlog),
  };
  const given = Object.entries(read).filter(([, value]) => value !== undefined);
  return { out, ...(Object.fromEntries(given) as Partial<SimulateOptions>) };
}
