/** Puts the lanes of one configuration together. */
import { createCommandRunner } from '../../enforce/command.ts';
import { NginxLanes } from '../../enforce/nginx-lanes.ts';
import { formatPrefix } from '../../net/prefix.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { LANES_KEY, Lanes } from './lanes.ts';

export function buildLanes(parts: InstanceParts): Lanes {
  const { troubles, now } = parts;
  const { trail } = parts.records;
  const { firewall, mode, swarm } = parts.config;
  const { lanes: file, test, reload } = firewall.nginx;
  const run = createCommandRunner({ timeoutMs: firewall.command_timeout });
  const nginx = file === undefined ? undefined : new NginxLanes({ file, test, reload, run });
  return new Lanes({
    saved: trail.loadState(LANES_KEY),
    enforce: mode === 'enforce' && firewall.backend !== 'dry-run',
    action: swarm.action,
    nginx: nginx && {
      setUp: () => nginx.setUp(),
      // A lane reaches nginx after its row.
      apply: async (...lanes) => {
        await trail.settled();
        await nginx.apply(...lanes);
      },
    },
    robots: parts.robots.networks.map(({ prefix }) => formatPrefix(prefix)),
    now,
    record: (drafts, state) => parts.bans.record(drafts, state),
    notify: (notifications) => parts.reports.notify(notifications),
    onDrop: (id) => void parts.plane.pipeline.send({ kind: 'drop_lane', id }),
    onTrouble: (message) =>
      troubles.looked('lanes', message && `nginx is not as the lanes want it: ${message}`, 'zban doctor'),
  });
}
