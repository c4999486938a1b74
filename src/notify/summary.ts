/** Single-line summaries: the entries of a digest. */

import { describeActivity } from '../english/activity.ts';
import { formatSeconds } from '../english/duration.ts';
import { describeMatch } from '../english/lane.ts';
import { countBans, formatCount, formatNumber } from '../english/number.ts';
import { briefReason } from '../english/reason.ts';
import { describeEnd, describeStart } from '../english/site-reason.ts';
import type { Notification } from '../model/notification.ts';
import type { FuseEvent } from '../model/told-event.ts';

const describePhase = ({ phase, until }: FuseEvent): string =>
  phase === 'reset' ? 'reset' : `tripped${until === undefined ? '' : ` until ${until}`}`;

/** `what: reason`, or the one of them that there is. */
const withReason = (what: string, reason: string): string => [what, reason].filter(Boolean).join(': ');

const columns = (...parts: readonly (string | undefined)[]): string => parts.filter(Boolean).join('  ');

/** One line that says it all; text from outside is as it came. */
export function summaryLine(notification: Notification): string {
  switch (notification.kind) {
    case 'ban': {
      const { ip, condition, tier, duration_seconds } = notification.event;
      const term = `${formatSeconds(duration_seconds)}${tier > 0 ? `, tier ${formatNumber(tier, 0)}` : ''}`;
      const what = describeActivity(condition, notification.event) ?? briefReason(condition, notification.event);
      return columns(ip, what, term);
    }
    case 'order': {
      const { time, action, target, operator, reason, enforced } = notification;
      const verb = { ban: enforced ? 'banned' : 'would be banned', allow: 'allowed', disallow: 'no longer allowed' }[
        action
      ];
      return columns(time, target, withReason(`${verb} by ${operator}`, reason));
    }
    case 'unban': {
      const { time, ip, reason, operator, blockedBy = [], failure } = notification;
      const blocked =
        failure !== undefined ? 'still in the firewall' : blockedBy[0] && `still blocked by ${blockedBy[0]}`;
      return columns(time, ip, blocked, withReason(operator ? `by ${operator}` : '', reason));
    }
    case 'global_anomaly': {
      const { event } = notification;
      const parts = event.phase === 'start' ? ['began', ...describeStart(event)] : ['ended', ...describeEnd(event)];
      return columns(event.time, parts.join(', '));
    }
    case 'lane': {
      const { event, enforced } = notification;
      const verb = event.phase === 'end' ? 'ended' : enforced ? event.action : `would ${event.action}`;
      return columns(event.time, `${verb}: ${describeMatch(event.match)}`);
    }
    case 'lane_order': {
      const { time, phase, id, operator, detail } = notification;
      const verb = { open: 'opened', keep: 'kept', end: 'ended' }[phase];
      return columns(time, `lane ${id}`, withReason(operator === null ? verb : `${verb} by ${operator}`, detail));
    }
    case 'fuse': {
      const { event } = notification;
      return columns(event.time, `${describePhase(event)}: ${event.detail}`);
    }
    case 'trouble':
      return columns(notification.time, notification.phase === 'end' ? 'over:' : undefined, notification.what);
    case 'many': {
      const { time, action, count, wouldBe = 0, operator, reason } = notification;
      const by = operator === null ? '' : ` by ${operator}`;
      const verb = wouldBe > 0 ? 'would be banned' : 'banned';
      const done = action === 'ban' ? `${formatCount(count)} ${verb}` : `${countBans(count - wouldBe, wouldBe)} lifted`;
      return columns(time, withReason(`${done}${by}`, reason));
    }
    case 'panic': {
      const { time, phase, operator, reason } = notification;
      return columns(time, withReason(`${phase === 'start' ? 'begun' : 'ended'} by ${operator}`, reason));
    }
    case 'test':
      return columns(notification.time, 'test');
  }
}
