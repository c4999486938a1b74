/** How urgent a message is: by the share of the site that is affected. docs/notifications.md has the rule. Pure. */

import type { Notification, Severity } from '../model/notification.ts';
import type { GlobalAnomalyEvent } from '../model/told-event.ts';

/** Of all requests, from which on an attack leaves next to nothing of the site to its visitors. */
const NEARLY_ALL = 0.9;
/** Of the site's requests, from which on one client is as much as all others. */
const HALF = 0.5;

/** Both ends of the same thing have the same severity, or the end is the more urgent one: who hears of a start hears of its end. */
export function severityOf(notification: Notification): Severity {
  switch (notification.kind) {
    case 'global_anomaly':
      return severityOfSite(notification.event);
    case 'fuse':
    case 'panic':
      return 'SEV-2';
    case 'trouble':
    // A swarm is more than a client, and less than the site.
    case 'lane':
      return 'SEV-3';
    // The end of a swarm's lane as urgent as its beginning.
    case 'lane_order':
      return notification.phase === 'end' ? 'SEV-3' : 'SEV-5';
    case 'ban': {
      const { enforced, confirmed, share = 0 } = notification;
      if (enforced && !confirmed) return 'SEV-3';
      return share >= HALF ? 'SEV-4' : 'SEV-5';
    }
    case 'order':
      // Only a ban waits for the firewall.
      return notification.action === 'ban' && notification.enforced && !notification.confirmed ? 'SEV-3' : 'SEV-5';
    case 'unban':
      return notification.failure === undefined ? 'SEV-5' : 'SEV-4';
    case 'many':
      return 'SEV-4';
    case 'test':
      return 'SEV-5';
  }
}

/** What is above normal, as a share of all that comes at the peak. */
function severityOfSite({ verdict, usual, measured, peak_measured }: GlobalAnomalyEvent): Severity {
  if (verdict === 'visitors') return 'SEV-4';
  const peak = peak_measured ?? measured;
  const isNearlyAll = peak > 0 && 1 - usual / peak >= NEARLY_ALL;
  if (verdict === 'attack') return isNearlyAll ? 'SEV-1' : 'SEV-2';
  return isNearlyAll ? 'SEV-2' : 'SEV-3';
}
