/** Builds backend and enforcer for one configuration. In observe mode the backend is a table in memory. */
import type { Config } from '../../config/schema.ts';
import { type EnforcementBackend, EnforcementError } from '../../enforce/backend.ts';
import { createDryRunBackend } from '../../enforce/dry-run.ts';
import { createEnforcer, type Enforcer } from '../../enforce/enforcer.ts';
import type { Picked } from '../../enforce/pick.ts';
import { messageOf } from '../../model/coded-error.ts';
import type { Log } from '../../model/log.ts';
import type { KernelBan } from '../../model/reconcile.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { liftedBy } from './event-drafts.ts';
import { isSame, loadNames, saveNames } from './firewall-names.ts';
import { isOfAnother } from './own-chain.ts';

/**
 * Rejects with EnforcementError when the configured backend cannot work here. When the start is given up, commands that run are killed:
 * what is left undone the next start does.
 */
export async function buildEnforcement(parts: InstanceParts): Promise<{ enforcer: Enforcer; backend: string }> {
  const { config, records, bans, now, log, troubles, signal } = parts;
  const { firewall, mode } = config;
  const { backend, reason, leaveOthers } = mode === 'observe' ? pickNone(now) : await pickConfigured(parts);
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

/** The backend that the configuration names. Rejects with EnforcementError when it cannot work here. */
async function pickConfigured({ config, records, now, log, signal }: InstanceParts): Promise<Picked> {
  const { firewall } = config;
  // Every backend comes with it, which observe mode does without.
  const { leaveNames, pickBackend } = await import('../../enforce/pick.ts');
  const options = { ...pickOptions(config, log, now), signal };
  const picked = await pickBackend(options);
  // Where nothing is dropped, nothing of before stays.
  const own = picked.backend.name === 'dry-run' ? undefined : firewall;
  const former = loadNames(records.trail, firewall).filter((settings) => !(own && isSame(settings, own)));
  const leaveOthers = async () => {
    if (!(await isOfAnother(config, firewall, log))) await picked.leaveOthers();
    for (const settings of former)
      if (!(await isOfAnother(config, settings, log))) await leaveNames({ ...options, settings }, own);
    saveNames(records.trail, own ? [own] : []);
  };
  saveNames(records.trail, own ? [...former, own] : former);
  return { ...picked, leaveOthers };
}

/** Lifts bans beside a stopped daemon, under whatever names they stand. Rejects with EnforcementError where one may still stand. */
export async function liftConfigured(
  config: Config,
  trail: Pick<AuditTrail, 'loadState'>,
  targets: readonly string[],
  log: Log,
): Promise<void> {
  const { firewall } = config;
  const { liftEverywhere } = await import('../../enforce/pick.ts');
  const former = loadNames(trail, firewall).filter((settings) => !isSame(settings, firewall));
  for (const settings of [firewall, ...former])
    await liftEverywhere({ ...pickOptions(config, log, Date.now), settings }, targets);
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
 * Takes everything that an instance with this configuration, or by this trail with an earlier one, put into the firewall out again;
 * false when it could not, or was cut off by `signal`.
 */
export async function leaveFirewall(
  config: Config,
  log: Log,
  { trail, signal }: { readonly trail?: Pick<AuditTrail, 'loadState'>; readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  const { firewall } = config;
  const all = trail ? loadNames(trail, firewall) : [];
  if (firewall.backend !== 'dry-run' && !all.some((settings) => isSame(settings, firewall))) all.push(firewall);
  let isLeft = true;
  for (const settings of all) {
    if (await isOfAnother(config, settings, log)) continue;
    try {
      const { flushFirewall } = await import('../../enforce/pick.ts');
      await flushFirewall({ settings, log, ...(signal && { signal }) });
    } catch (error) {
      if (signal?.aborted) return false;
      isLeft = false;
      log('error', 'something of zban is still in the firewall; take it out with: sudo zban firewall flush', {
        cause: messageOf(error),
      });
    }
  }
  return isLeft;
}

/**
 * Observe mode drops nobody: of the bans in force those that an earlier run enforced are lifted. In a panic, and where records are lost,
 * the firewall is emptied even of what nobody knows of.
 */
export async function endEnforcing(parts: InstanceParts): Promise<void> {
  const { config, records, bans, panic, troubles, now, log, signal } = parts;
  const { trail } = records;
  const enforced = [...trail.eachActive(now())].flatMap((ban) => (ban.enforced ? ban.client : []));
  if (enforced.length === 0 && !panic && records.loss === undefined) return;
  if (!(await leaveFirewall(config, log, { trail, signal }))) {
    const what =
      'bans still block: the firewall could not be emptied, though nobody is to be blocked now; journalctl -u zban says why';
    if (!signal.aborted)
      troubles.set('firewall', what, 'systemctl stop zban && zban firewall flush && systemctl start zban');
    return;
  }
  troubles.endBefore('firewall');
  // What a panic began, and a crash broke off, ends as it began.
  const [actor, reason] = panic ? liftedBy(panic.by, panic.reason) : (['system', 'observe mode'] as const);
  await bans.lift(trail.activeBansOf(enforced, now()), actor, reason, { tell: 'own' });
}
