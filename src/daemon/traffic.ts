/** Opens what is kept of the site's traffic. */
import type { AuditTrail } from '../record/audit-trail.ts';
import { TrafficLog } from '../record/traffic-log.ts';

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
