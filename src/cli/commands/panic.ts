import { ControlError } from '../../control/error.ts';
import type { PanicRequest, PanicResult, Progress } from '../../control/protocol.ts';
import { formatCount } from '../../english/number.ts';
import { printOutcome } from '../ask-daemon.ts';
import { type Context, loadNecessary, logOf, requireSocket, whoAsks } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { PANIC } from '../definitions/daemon.ts';
import { ProgressBar } from '../progress-bar.ts';
import { reachDaemon } from '../reach-daemon.ts';

/**
 * `zban panic`: lifts every ban at once and goes to observe mode until `--end`, whatever the configuration says and
 * however often the daemon starts anew. Works with the daemon stopped, and beside mistakes in the configuration.
 */
export async function panic(context: Context, options: Given<typeof PANIC>): Promise<number> {
  const { end = false } = options;
  return printOutcome(context, await ask(context, { end, ...whoAsks(context, options) }));
}

/** A daemon that has given no sign of life by then hangs: five of them would have come. */
const SILENCE_MS = 10_000;
/** How soon a person hears that the rest need not be waited for. */
const SAY_MS = 1000;

async function ask(context: Context, request: PanicRequest): Promise<PanicResult> {
  const { output } = context;
  const bar = new ProgressBar('record');
  let saying: NodeJS.Timeout | undefined;
  const onProgress = ({ done, of }: Progress) => {
    const say = () =>
      output.talk(`zban: nobody is blocked any more; what is left is to record the ends of ${formatCount(of)} bans`);
    saying ??= setTimeout(say, SAY_MS);
    bar.show(done / of, done, 'bans');
  };
  try {
    return await requestPanic(context, request, onProgress);
  } finally {
    clearTimeout(saying);
    bar.clear();
  }
}

async function requestPanic(
  context: Context,
  request: PanicRequest,
  onProgress: (progress: Progress) => void,
): Promise<PanicResult> {
  try {
    return await reachDaemon(context, requireSocket(context), 'panic', request, { onProgress, timeoutMs: SILENCE_MS });
  } catch (error) {
    // Beside a daemon that nobody can ask, the firewall can be emptied all the same.
    const isLeft =
      error instanceof ControlError && (error.code === 'not_running' || (error.code === 'silent' && !request.end));
    if (!isLeft) throw error;
    const { config, version } = loadNecessary(context);
    // Loaded only here: the daemon's parts take their time.
    const { panicOffline } = await import('../../daemon/offline/panic-offline.ts');
    return panicOffline(config, version, request, logOf(context), async (progress) => onProgress(progress));
  }
}
