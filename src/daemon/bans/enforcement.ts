/** Builds backend and enforcer for one configuration. In observe mode the backend is a table in memory. */
import type { Config } from '../../config/schema.ts';
import { type EnforcementBackend, EnforcementError } from '../../enforce/backend.ts';
import { createDryRunBackend } from '../../enforce/dry-run.ts';
import { createEnforcer, type Enforcer } from '../../enforce/enforcer.ts';
import type { Picked } from '../../enforce/pick.ts';
import { messageOf } from '../../model/coded-error.ts';
import type { Log } from '../../model/log.ts';
import type { KernelBan } from '../../model/reconcile.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { liftedBy } from './event-drafts.ts';

/**
 * Rejects with EnforcementError when the configured backend cannot work here. When the start is given up, commands that run are killed:
 * what is left undone the next start does.
 */
export async function buildEnforcement(parts: InstanceParts): Promise<{ enforcer: Enforcer; backend: string }> {
  const { config, records, bans, now, log, troubles, signal } = parts;
  const { firewall, mode } = config;
  const { backend, reason, leaveOthers } =
    mode === 'observe' ? pickNone(now) : await pickConfigured(config, log, signal, now);
  log('info', `enforcement backend ${backend.name}`, { reason });
  // The firewall may hold bans that the lost records had.
  if (records.loss !== undefined) await records.adopt(await listHeld(backend, log));
  const enforcer = createEnforcer({
    backend,
    leaveOthers,
    desired: bans.desired,
    now,
    reconcileMs: firewall.reconcile,
    onResult: (result) => bans.onResult(result),
    onTrouble: (trouble) =>
      troubles.set('firewall', trouble && `bans are not enforced as they should be: ${trouble.message}`),
    log,
    signal,
  });
  return { enforcer, backend: backend.name };
}

function pickNone(now: () => number): Picked {
  const reason = 'observe mode touches no firewall';
  return { backend: createDryRunBackend(now), reason, leaveOthers: async () => {} };
}

/** The backend that the configuration names, whatever its mode. Rejects with EnforcementError when it cannot work here. */
async function pickConfigured(
  config: Config,
  log: Log,
  signal?: AbortSignal,
  now: () => number = Date.now,
): Promise<Picked> {
  // Every backend comes with it, which observe mode does without.
  const { pickBackend } = await import('../../enforce/pick.ts');
  return pickBackend({ ...pickOptions(config, log, now), ...(signal && { signal }) });
}

/** Lifts bans beside a stopped daemon. Rejects with EnforcementError where one may still stand. */
export async function liftConfigured(config: Config, targets: readonly string[], log: Log): Promise<void> {
  const { liftEverywhere } = await import('../../enforce/pick.ts');
  await liftEverywhere(pickOptions(config, log, Date.now), targets);
}

const pickOptions = ({ firewall, bans }: Config, log: Log, now: () => number) => ({
  ...{ settings: firewall, maxActive: bans.max_active, now, log },
});

async function listHeld(backend: EnforcementBackend, log: Log): Promise<KernelBan[]> {
  const held: KernelBan[] = [];
  try {
    await backend.list((ban) => held.push(ban), { heldCount: 0, heldBans: () => [] });
  } catch (error) {
    if (!(error instanceof EnforcementError)) throw error;
    log('error', 'bans that only the firewall knows of are lost', { cause: error.message });
  }
  return held;
}

/**
 * Takes everything that an instance with this configuration put into the firewall out again; false when it could not, or
 * was cut off by `signal`.
 */
export async function leaveFirewall(config: Config, log: Log, signal?: AbortSignal): Promise<boolean> {
  const { firewall } = config;
  if (firewall.backend === 'dry-run') return true;
  try {
    const { flushFirewall } = await import('../../enforce/pick.ts');
    await flushFirewall({ settings: firewall, log, ...(signal && { signal }) });
    return true;
  } catch (error) {
    if (signal?.aborted) return false;
    log('error', `the chain ${firewall.chain} is still in the firewall; take it out with: sudo zban firewall flush`, {
      cause: messageOf(error),
    });
    return false;
  }
}

/**
 * Observe mode drops nobody: of the bans in force those that an earlier run enforced are lifted. In a panic, and where records are lost,
 * the firewall is emptied even of what nobody knows of.
 */
export async function endEnforcing({ config, records, bans, panic, now, log, signal }: InstanceParts): Promise<void> {
  const { trail } = records;
  const enforced = [...trail.eachActive(now())].flatMap((ban) => (ban.enforced ? ban.client : []));
  if (enforced.length === 0 && !panic && records.loss === undefined) return;
  if (!(await leaveFirewall(config, log, signal))) return;
  // What a panic began, and a crash broke off, ends as it began.
  const [actor, reason] = panic ? liftedBy(panic.by, panic.reason) : (['system', 'observe mode'] as const);
  await bans.lift(trail.activeBansOf(enforced, now()), actor, reason, { tell: 'own' });
}
