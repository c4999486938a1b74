/** Panic with the daemon stopped: the same records, the same message, and a firewall emptied by hand. */
import type { Config } from '../../config/schema.ts';
import { ControlError } from '../../control/error.ts';
import type { OnProgress, PanicRequest, PanicResult } from '../../control/protocol.ts';
import type { Log } from '../../model/log.ts';
import { RecordError } from '../../record/error.ts';
import { leaveFirewall } from '../bans/enforcement.ts';
import { carryOutPanic } from '../orders/panic.ts';
import { openOffline } from './offline.ts';

/** Rejects with RecordError when it cannot be recorded, with ControlError beside a daemon that runs; the firewall is emptied first even then. */
export async function panicOffline(
  config: Config,
  configVersion: string,
  request: PanicRequest,
  log: Log,
  onProgress: OnProgress,
): Promise<PanicResult> {
  const offline = await openOffline(config, configVersion, log, { enforce: false, reconcile: async () => {} }).catch(
    async (error: unknown) => {
      const isEmpty = !request.end && (await leaveFirewall(config, log));
      if (error instanceof RecordError && error.code === 'in_use') {
        const left = isEmpty ? 'the firewall is empty, but ' : '';
        const message = `${left}a zban daemon that does not answer runs${isEmpty ? ' and bans again' : ''}: systemctl stop zban, then zban panic again`;
        throw new ControlError('silent', message, { cause: error });
      }
      if (isEmpty)
        log('error', 'the firewall is empty, but the panic could not be recorded: zban bans again when it starts');
      throw error;
    },
  );
  const { records, bans, announcer, close } = offline;
  const { trail, reserve } = records;
  try {
    const result = await carryOutPanic(request, {
      trail,
      reserve,
      bans,
      config,
      now: Date.now,
      leaveFirewall: () => leaveFirewall(config, log, { trail }),
      notify: (notifications) => announcer.notify(notifications),
      waiting: () => announcer.size(),
      onProgress,
    });
    if (result.durable !== false) return result;
    const left = request.end ? 'the panic still stands' : 'the firewall is empty, but zban bans again when it starts';
    return { ...result, ok: false, message: `no disk took it: ${left}; ${trail.status.trouble?.message ?? ''}` };
  } finally {
    await close();
  }
}
