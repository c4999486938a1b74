/** Asks the daemon at the socket; and where nobody answers there, whether one runs all the same. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadSections } from '../config/load.ts';
import { callDaemon } from '../control/client.ts';
import { ControlError } from '../control/error.ts';
import type { ControlCommand } from '../control/request.ts';
import type { Status } from '../model/status.ts';
import { isOpenForWriting } from '../record/database/is-open.ts';
import { DEFAULT_CONFIG } from './config-path.ts';
import type { Context } from './context.ts';

/** A daemon makes a socket that was removed again within a second. */
const WAIT_MS = 2000;
const RETRY_MS = 100;

/** `callDaemon`. Rejects with ControlError `silent` where a daemon runs and nobody answers, with `not_running` where none does. */
export async function reachDaemon<C extends ControlCommand>(
  context: Pick<Context, 'configPath'>,
  ...call: Parameters<typeof callDaemon<C>>
): ReturnType<typeof callDaemon<C>> {
  const [socket] = call;
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    try {
      return await callDaemon(...call);
    } catch (error) {
      if (!(error instanceof ControlError && error.code === 'not_running') || !isRunning(context)) throw error;
      if (performance.now() > deadline) {
        const why = 'it is starting or stopping, or the socket was removed; if it stays so: systemctl restart zban';
        const message = `a zban daemon runs, but nobody answers on ${socket}: ${why}`;
        throw new ControlError('silent', message, { cause: error });
      }
    }
    await sleep(RETRY_MS);
  }
}

/** The daemon's status, or why it gives none within this time. */
export async function findStatus(context: Context, socket: string, timeoutMs: number): Promise<Status | ControlError> {
  try {
    return await reachDaemon(context, socket, 'status', undefined, { timeoutMs });
  } catch (error) {
    if (error instanceof ControlError) return error;
    throw error;
  }
}

function isRunning({ configPath = DEFAULT_CONFIG }: Pick<Context, 'configPath'>): boolean {
  const sections = loadSections(configPath, ['state']);
  return sections !== undefined && isOpenForWriting(sections.state.database);
}
