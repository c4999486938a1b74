/** Unban with the daemon stopped: the same rows and messages, and what the kernel still holds is lifted by name. */
import type { Config } from '../../config/schema.ts';
import type { OnProgress, TargetResult, UnbanRequest } from '../../control/protocol.ts';
import { EnforcementError } from '../../enforce/backend.ts';
import type { Log } from '../../model/log.ts';
import { liftConfigured } from '../bans/enforcement.ts';
import { Operator } from '../orders/operator.ts';
import { type Offline, openOffline } from './offline.ts';

/** Rejects with RecordError when it cannot be recorded: nothing is lifted then. */
export async function unbanOffline(
  config: Config,
  configVersion: string,
  request: UnbanRequest,
  log: Log,
  onProgress: OnProgress,
): Promise<readonly TargetResult[]> {
  const reconcile = () => liftInKernel(config, offline, log);
  // Also in observe mode: the kernel may hold bans of an earlier run.
  const offline = await openOffline(config, configVersion, log, { enforce: true, reconcile });
  const { records, bans, close } = offline;
  try {
    const operator = new Operator({
      config,
      bans,
      trail: records.trail,
      // A daemon that starts reads from the trail what was lifted.
      pipeline: { send: async () => ({ second: 0, events: [], consumed: [] }) },
      protection: { refresh: async () => {}, find: () => undefined },
      now: Date.now,
      reconcile,
    });
    return await operator.unban(request, onProgress);
  } finally {
    await close();
  }
}

/** Takes lifted bans out and sets none: the firewall may have been flushed on purpose. */
async function liftInKernel(config: Config, { bans, records }: Offline, log: Log): Promise<void> {
  const lifted = [...bans.desired.takeChanges()].filter((target) => bans.desired.find(target) === undefined);
  const result = { confirmed: [], released: [], failed: [] };
  try {
    if (lifted.length > 0) await liftConfigured(config, records.trail, lifted, log);
    await bans.onResult({ ...result, released: lifted });
  } catch (error) {
    if (!(error instanceof EnforcementError)) throw error;
    const { code, message } = error;
    await bans.onResult({ ...result, failed: lifted.map((target) => ({ target, code, message })) });
  }
}
