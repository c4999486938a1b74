/** What the daemon answers at its socket. */
import type { ControlHandlers } from '../../control/protocol.ts';
import type { Busiest, Status } from '../../model/status.ts';
import type { Announcer } from '../../notify/announcer.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Lanes } from '../lanes/lanes.ts';
import type { Operator } from '../orders/operator.ts';

export interface HandlersOptions {
  readonly operator: Operator;
  readonly announcer: Announcer;
  readonly lanes: Pick<Lanes, 'list' | 'add' | 'change'>;
  readonly status: () => Status;
  readonly busiest: () => Promise<Busiest>;
  readonly panic: ControlHandlers['panic'];
  readonly resetFuse: ControlHandlers['resetFuse'];
  readonly annotate: ControlHandlers['annotate'];
  readonly reload: ControlHandlers['reload'];
  /** Undefined where none is configured. Throws while this host has not joined yet. */
  readonly fleet: () => Fleet | undefined;
}

const NO_FLEET = 'no fleet is configured: there is nothing to leave';

export function createHandlers({
  operator,
  lanes,
  announcer,
  fleet,
  busiest,
  ...rest
}: HandlersOptions): ControlHandlers {
  return {
    ...rest,
    status: async () => rest.status(),
    top: async () => ({ ...(await busiest()), status: rest.status() }),
    ban: (request) => operator.ban(request),
    unban: (request) => operator.unban(request),
    allow: (request) => operator.allow(request),
    lanes: async () => lanes.list(),
    addLane: (request) => lanes.add(request),
    changeLane: (request) => lanes.change(request),
    fleetStatus: async () => (await fleet()?.report()) ?? null,
    fleetLeave: async () => (await fleet()?.leave()) ?? { ok: true, message: NO_FLEET },
    notifyTest: (request) => announcer.sendTests(request.channel),
  };
}
