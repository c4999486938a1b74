/** Opens what is kept of the site's traffic. */

import { TrafficLog } from '../../record/traffic/traffic-log.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';

/** Rows of the trail that are looked at for bans since the last minute that was kept. */
const ROWS_MAX = 5000;

export function openTraffic(trail: AuditTrail): TrafficLog {
  const traffic = new TrafficLog({
    load: (key) => trail.loadState(key),
    save: (state) => void trail.append([], { state }),
  });
  const afterId = trail.head.id - ROWS_MAX;
  traffic.note(trail.queryReadable({ afterId, sinceMs: traffic.newestMs, limit: ROWS_MAX }));
  return traffic;
}
