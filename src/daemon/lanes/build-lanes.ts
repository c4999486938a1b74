/** Puts the lanes of one configuration together. */
import type { Config } from '../../config/schema.ts';
import { createCommandRunner } from '../../enforce/command.ts';
import { NginxLanes } from '../../enforce/nginx-lanes.ts';
import { findRobots } from '../../host/robots.ts';
import type { AuditDraft } from '../../model/audit.ts';
import type { Notification } from '../../model/notification.ts';
import { formatPrefix } from '../../net/prefix.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { Troubles } from '../troubles.ts';
import { LANES_KEY, Lanes } from './lanes.ts';

export interface BuildLanesOptions {
  readonly config: Config;
  readonly trail: Pick<AuditTrail, 'loadState' | 'settled'>;
  readonly troubles: Pick<Troubles, 'begin' | 'end'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly notify: (notifications: readonly Notification[]) => void;
  readonly onDrop: (id: string) => void;
  readonly record: (drafts: readonly AuditDraft[], state: Readonly<Record<string, Uint8Array>>) => void;
}

export function buildLanes({ config, trail, troubles, now, record, notify, onDrop }: BuildLanesOptions): Lanes {
  const { firewall, detection, mode, swarm } = config;
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
    // What is wrong with a list of the operator's, their verification reports.
    robots: findRobots(detection.robots, () => {}).networks.map(({ prefix }) => formatPrefix(prefix)),
    now,
    record,
    notify,
    onDrop,
    onTrouble: (message) => {
      if (message === undefined) troubles.end('lanes');
      else troubles.begin('lanes', `nginx is not as the lanes want it: ${message}`, 'zban doctor');
    },
  });
}
