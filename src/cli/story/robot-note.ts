/** What zban knows of a client that is a robot, or says so. */

import type { RobotList } from '../../host/robots.ts';
import { type Prefix, prefixContains } from '../../net/prefix.ts';

/** A note for `zban explain`; undefined for a client that is no robot and claims to be none that can be verified. */
export function robotNote(robots: RobotList, client: Prefix, userAgents: readonly string[]): string | undefined {
  const network = robots.networks.find(({ prefix }) => prefixContains(prefix, client));
  if (network) return `it is in a network that the operator of ${network.name} publishes: a verified robot`;
  const claimed = userAgents.map((agent) => robots.findClaimed(agent)).find((name) => name !== undefined);
  if (claimed === undefined) return undefined;
  const isOutside = robots.networks.some(({ name }) => name === claimed);
  const where = isOutside ? ', from outside the networks that its operator publishes' : '';
  const asks = robots.domainsOf(claimed).length > 0 ? '; a running daemon asks DNS whether it is' : '';
  return `it calls itself ${claimed}${where}${asks}`;
}
