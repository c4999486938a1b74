/** What the daemon answers at its socket. */
import type { ControlHandlers } from '../../control/protocol.ts';
import type { ControlService } from '../../control/server.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { NOT_TRIPPED } from '../orders/operator.ts';
import { assembleStatus } from './status.ts';

/** Names the trouble of a socket that cannot be made. */
const SOCKET_KEY = 'control socket';
const NO_FLEET = 'no fleet is configured: there is nothing to leave';

/** Undefined where none is configured. Throws while this host has not joined yet. */
function findFleet({ config, fleet }: InstanceParts): InstanceParts['fleet'] {
  if (config.fleet && !fleet) throw new Error('zban is starting: it joins its fleet when that is done');
  return fleet;
}

/** What one instance answers, and where. */
export function controlOf(parts: InstanceParts): ControlService {
  const { config, troubles } = parts;
  return {
    socket: config.control.socket,
    handlers: createHandlers(parts),
    onTrouble: (trouble) => troubles.looked(SOCKET_KEY, trouble?.what, trouble?.fix),
  };
}

function createHandlers(parts: InstanceParts): ControlHandlers {
  const { operator, plane, lanes, reports } = parts;
  return {
    status: async () => assembleStatus(parts),
    top: async () => ({ ...(await plane.findBusiest()), status: assembleStatus(parts) }),
    ban: (request) => operator.ban(request),
    unban: (request, onProgress) => operator.unban(request, onProgress),
    allow: (request) => operator.allow(request),
    panic: (request, onProgress) => parts.carryOutPanic(request, { onProgress }),
    // A rehearsal has a fuse of its own, which stops nothing.
    resetFuse: async (request) => (parts.isLive ? operator.resetFuse(request) : { ok: true, message: NOT_TRIPPED }),
    annotate: (request) => reports.annotate(request),
    reload: parts.options.onReload,
    lanes: async () => lanes.list(),
    addLane: (request) => lanes.add(request),
    changeLane: (request) => lanes.change(request),
    fleetStatus: async () => (await findFleet(parts)?.report()) ?? null,
    fleetLeave: async () => (await findFleet(parts)?.leave()) ?? { ok: true, message: NO_FLEET },
    notifyTest: (request) => reports.announcer.sendTests(request.channel),
  };
}
