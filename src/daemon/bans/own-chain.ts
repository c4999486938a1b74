/** The chain in which an instance bans is its own; what stands in one that another zban has is that one's. */
import type { Config } from '../../config/schema.ts';
import { describeOwner, findOtherOwner, holdChain, needsChain } from '../../control/chain-owner.ts';
import type { Log } from '../../model/log.ts';
import type { FirewallSettings } from '../../settings/firewall-settings.ts';
import type { InstanceParts } from '../instance-parts.ts';

/** Held while the instance lives, also in a panic. Rejects with ControlError `chain_in_use` where another zban has it. */
export async function lockChain({ options, lifetime, log }: InstanceParts): Promise<void> {
  const { config, files } = options.loaded;
  const { backend, chain } = config.firewall;
  if (!needsChain(config.mode, backend)) return;
  const lock = await holdChain(chain, { config: files[0] ?? '', socket: config.control.socket });
  lifetime.own(`the lock of chain ${chain}`, () => lock.close());
  if (lock.refusedBy !== undefined)
    log('warn', `a second zban with firewall.chain ${chain} would not be noticed before bans are missing`, {
      cause: `${lock.refusedBy} has the name under which zbans find one another`,
    });
}

/** True of a chain that this zban must leave alone, which is logged. */
export async function isOfAnother({ control }: Config, { chain }: FirewallSettings, log: Log): Promise<boolean> {
  const owner = await findOtherOwner(chain, control.socket);
  if (owner) log('warn', `${describeOwner(chain, owner)}; it is left alone`);
  return owner !== undefined;
}
