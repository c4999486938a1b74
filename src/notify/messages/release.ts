/** The end of a ban, by what the firewall does now. */

import { formatCount, formatNumber } from '../../english/number.ts';
import type { NotificationOf } from '../../model/notification.ts';
import type { Content } from '../message.ts';
import { markBan } from './ban.ts';

/** Covering bans named in one message. */
const BLOCKERS_TOLD = 5;

type Release = NotificationOf<'unban'>;

export function releaseContent(notification: Release): Content {
  const { ip, enforced = true, failure, blockedBy = [], within = 0 } = notification;
  const why = whyEnded(notification);
  const closed = markBan(ip, 'close');
  if (!enforced)
    return {
      icon: '👀',
      headline: `: the would-be ban of ${ip} is over${why}`,
      details: ['Nothing was blocked.'],
      incident: closed,
    };
  if (failure !== undefined)
    return {
      icon: '🔒',
      headline: `: ${ip} is still blocked, the firewall did not lift its ban`,
      details: [`Its ban is over${why}. The firewall still holds it: ${failure}.`],
      commands: [['Firewall', 'zban status']],
    };
  if (blockedBy.length > 0) {
    const others = blockedBy.slice(0, BLOCKERS_TOLD).join(', ');
    return {
      icon: '🔒',
      headline: `: ${ip} is still blocked by the ban of ${others}`,
      details: [`Its own ban is over${why}.`],
      commands: [['Lift that ban as well', `zban unban ${ip}`]],
    };
  }
  const parts = within === 1 ? 'one part of it stays banned' : `${formatCount(within)} parts of it stay banned`;
  return {
    icon: '🔓',
    headline: ` released ${ip}${why}`,
    details: [`It can connect again${within === 0 ? '' : `, but ${parts}`}.`],
    incident: closed,
  };
}

/** `: lifted by anna (a customer), last ban was tier 2`; empty where nothing is known. */
function whyEnded({ operator, reason, tier }: Release): string {
  const parts = [
    operator ? `lifted by ${operator}${reason && ` (${reason})`}` : reason === 'expired' ? 'its ban expired' : reason,
    tier ? `last ban was tier ${formatNumber(tier, 0)}` : '',
  ].filter(Boolean);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}
