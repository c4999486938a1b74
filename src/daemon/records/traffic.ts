/** Opens what is kept of the site's traffic. */

import type { Config } from '../../config/schema.ts';
import { TrafficLog } from '../../record/traffic/traffic-log.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';

/** Rows of the trail that are looked at for bans since the last minute that was kept. */
const ROWS_MAX = 5000;

/** Each profile counts and compares other requests: what one has kept says nothing beside the other. */
export function openTraffic(
  trail: Pick<AuditTrail, 'loadState' | 'append' | 'head' | 'queryReadable'>,
  profile: Config['profile'],
): TrafficLog {
  const keyIn = (key: string) => (profile === 'balanced' ? key : `${key}:${profile}`);
  const traffic = new TrafficLog({
    load: (key) => trail.loadState(keyIn(key)),
    save: (states) => {
      const state = Object.fromEntries(Object.entries(states).map(([key, bytes]) => [keyIn(key), bytes]));
      void trail.append([], { state });
    },
  });
  const afterId = trail.head.id - ROWS_MAX;
  traffic.note(trail.queryReadable({ afterId, sinceMs: traffic.newestMs, limit: ROWS_MAX }));
  return traffic;
}
