/** Panic with the daemon stopped: the same records, the same message, and a firewall emptied by hand. */
import type { Config } from '../config/schema.ts';
import type { PanicRequest, PanicResult } from '../control/protocol.ts';
import { Bans } from './bans.ts';
import { leaveFirewall } from './enforcement.ts';
import { Incidents } from './incidents.ts';
import type { Log } from './log.ts';
import { carryOutPanic } from './panic.ts';
import { Records } from './records.ts';
import { buildNotifier } from './telling.ts';
import { Troubles } from './troubles.ts';

/** Slack gets this long; the message waits on disk for the daemon otherwise. */
const DRAIN_MS = 3000;

/** Rejects with RecordError when it cannot be recorded; the firewall is emptied first even then. */
export async function panicOffline(
  config: Config,
  configVersion: string,
  request: PanicRequest,
  log: Log,
): Promise<PanicResult> {
  const now = Date.now;
  let records: Records;
  try {
    records = await Records.open({ config, configVersion, now, log });
  } catch (error) {
    if (!request.end && (await leaveFirewall(config, log)))
      log('error', 'the firewall is empty, but the panic could not be recorded: zban bans again when it starts');
    throw error;
  }
  const { trail, outbox, reserve } = records;
  const notifier = buildNotifier(config, outbox, now, log, new Troubles({ log, onBegin: () => {} }));
  const bans = new Bans({
    trail,
    enforce: false,
    now,
    reconcile: async () => {},
    notify: () => {},
    tell: (entries, events) => records.tell(entries, events),
    incidents: new Incidents(undefined),
  });
  try {
    const result = await carryOutPanic(request, {
      trail,
      reserve,
      bans,
      mode: config.mode,
      now,
      leaveFirewall: () => leaveFirewall(config, log),
      notify: (notifications) => notifier?.notify(notifications),
      restart: () => {},
    });
    if (result.durable !== false) return result;
    const left = request.end ? 'the panic still stands' : 'the firewall is empty, but zban bans again when it starts';
    return { ...result, ok: false, message: `no disk took it: ${left}; ${trail.status.trouble?.message ?? ''}` };
  } finally {
    await notifier?.stop({ drainMs: DRAIN_MS });
    records.close();
  }
}
