/** Events API v2: https://developer.pagerduty.com/docs/send-alert-event */
import { cutText } from '../plain-text.ts';
import type { Template } from '../template.ts';

const SUMMARY_CHARACTERS_MAX = 1024;
const KEY_CHARACTERS_MAX = 255;

export const pagerduty: Template = {
  service: 'PagerDuty',
  needs: ['token'],
  url: () => 'https://events.pagerduty.com/v2/enqueue',
  defaultSeverity: 'SEV-3',
  isEachSent: true,
  render: (message, { token }) => {
    const { incident, headline, host, time, kind, severity, facts, details, commands, link } = message;
    if (incident === undefined) return undefined;
    const event = {
      routing_key: token,
      event_action: incident.phase === 'open' ? 'trigger' : 'resolve',
      dedup_key: cutText(`zban/${host}/${incident.key}`, KEY_CHARACTERS_MAX),
    };
    if (incident.phase === 'close') return { body: event };
    return {
      body: {
        ...event,
        payload: {
          summary: cutText(headline, SUMMARY_CHARACTERS_MAX),
          ...{ source: host, severity: incident.level, timestamp: time, component: 'zban', class: kind },
          custom_details: {
            severity,
            ...Object.fromEntries(facts),
            details: details.join(' '),
            ...Object.fromEntries(commands),
          },
        },
        ...(link !== undefined && { links: [{ href: link, text: 'Dashboard' }] }),
      },
    };
  },
};
