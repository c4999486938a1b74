/** What the daemon answers at its socket. */
import type { ControlHandlers } from '../control/protocol.ts';
import type { Status } from '../model/status.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { Operator } from './operator.ts';

export interface HandlersOptions {
  readonly operator: Operator;
  readonly notifier: Notifier | undefined;
  readonly status: () => Status;
  readonly panic: ControlHandlers['panic'];
  readonly resetFuse: ControlHandlers['resetFuse'];
  readonly reload: ControlHandlers['reload'];
}

export function createHandlers({ operator, notifier, ...rest }: HandlersOptions): ControlHandlers {
  return {
    ...rest,
    status: async () => rest.status(),
    ban: (request) => operator.ban(request),
    unban: (request) => operator.unban(request),
    allow: (request) => operator.allow(request),
    notifyTest: async () =>
      (await notifier?.sendTest()) ?? {
        ok: false,
        message: 'no Slack webhook is configured: set notify.slack.webhook_url_file and reload',
      },
  };
}
