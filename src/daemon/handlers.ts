/** What the daemon answers at its socket. */
import type { ControlHandlers } from '../control/protocol.ts';
import type { Status } from '../model/status.ts';
import type { Announcer } from '../notify/announcer.ts';
import type { Lanes } from './lanes.ts';
import type { Operator } from './operator.ts';

export interface HandlersOptions {
  readonly operator: Operator;
  readonly announcer: Announcer;
  readonly lanes: Pick<Lanes, 'list' | 'add' | 'change'>;
  readonly status: () => Status;
  readonly panic: ControlHandlers['panic'];
  readonly resetFuse: ControlHandlers['resetFuse'];
  readonly reload: ControlHandlers['reload'];
}

export function createHandlers({ operator, lanes, announcer, ...rest }: HandlersOptions): ControlHandlers {
  return {
    ...rest,
    status: async () => rest.status(),
    ban: (request) => operator.ban(request),
    unban: (request) => operator.unban(request),
    allow: (request) => operator.allow(request),
    lanes: async () => lanes.list(),
    addLane: (request) => lanes.add(request),
    changeLane: (request) => lanes.change(request),
    notifyTest: (request) => announcer.sendTests(request.channel),
  };
}
