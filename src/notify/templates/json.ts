/** The default: everything, for programs of your own. docs/notifications.md lists the fields. */
import { bearer, type Template } from '../template.ts';
import { spellBody } from '../text.ts';

export const json: Template = {
  service: 'the webhook',
  render: (message, options) => {
    const { kind, severity, headline, host, time, incident, facts, commands, link, events } = message;
    return {
      headers: bearer(options),
      body: {
        ...{ text: headline, body: spellBody(message), kind, severity, host, time },
        incident: incident ?? null,
        facts: Object.fromEntries(facts),
        commands: Object.fromEntries(commands),
        dashboard: link ?? null,
        events,
      },
    };
  },
};
