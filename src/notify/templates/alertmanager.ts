/**
 * https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml (postAlerts). An alert is known by its labels,
 * which are therefore the same at both ends of an incident.
 */
import { bearer, type Template } from '../template.ts';

/** An alert without an end would be resolved after Alertmanager's `resolve_timeout`, five minutes: its end comes as a message. */
const OPEN_MS = 7 * 86_400_000;

export const alertmanager: Template = {
  service: 'Alertmanager',
  defaultSeverity: 'SEV-3',
  isEachSent: true,
  render: (message, options) => {
    const { incident, kind, host, time, headline, details, commands, link } = message;
    if (incident === undefined) return undefined;
    const isOpen = incident.phase === 'open';
    const endsAt = isOpen ? (incident.until ?? new Date(Date.parse(time) + OPEN_MS).toISOString()) : time;
    const labels = { alertname: 'zban', instance: host, incident: incident.key, severity: incident.level };
    const told = commands.map(([label, command]) => `${label}: ${command}`);
    const annotations = { summary: headline, description: [...details, ...told].join('\n'), kind };
    return {
      headers: bearer(options),
      body: [
        {
          labels,
          annotations,
          ...(isOpen && { startsAt: time }),
          endsAt,
          ...(link !== undefined && { generatorURL: link }),
        },
      ],
    };
  },
};
