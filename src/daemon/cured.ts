/** What a reload, or what was done before it, has cured: so much of it as the start knows. */
import { troubleKeyOf } from '../notify/announcer.ts';
import { ACTIONS_KEY } from './answers/dashboard.ts';
import { FLEET_KEYS } from './fleet/fleet-keys.ts';
import type { InstanceParts } from './instance-parts.ts';
import { ALLOWLIST_KIND, CDN_KEY } from './orders/build-operator.ts';
import { ROBOTS_KEY } from './plane/robots.ts';
import { REFUSED_KEY } from './refused-reload.ts';
import { EFFICACY_KEY } from './watch/efficacy.ts';

/** Calls over what stood before and was looked at in vain by now, or is not configured any more. */
export function endCured({ config, troubles, reports, options }: InstanceParts): void {
  const looked = [CDN_KEY, ROBOTS_KEY, ACTIONS_KEY];
  if (options.refused === undefined) looked.push(REFUSED_KEY);
  // Where nothing is enforced, no ban can fail to hold.
  if (config.mode === 'observe') looked.push(EFFICACY_KEY);
  if (!config.fleet) looked.push(...FLEET_KEYS);
  for (const key of looked) troubles.endBefore(key);
  const channels = reports.announcer.names.map(troubleKeyOf);
  troubles.endAllBefore(
    (key) =>
      // Each name of the allowlist was looked up.
      key.startsWith(ALLOWLIST_KIND) || (key.startsWith(troubleKeyOf('')) && !channels.includes(key)),
  );
}
