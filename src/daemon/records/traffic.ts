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
  const [newest] = trail.query({ limit: 1, newestFirst: true });
  const afterId = (newest?.id ?? 0) - ROWS_MAX;
  traffic.note(trail.query({ afterId, sinceMs: traffic.newestMs, limit: ROWS_MAX }));
  return traffic;
}
