/** Handlers of a control server of which a test answers a few. */
import type { ControlHandlers } from '../../src/control/protocol.ts';

export function controlHandlers(own: Partial<ControlHandlers>): ControlHandlers {
  const missing = () => Promise.reject(new Error('not in this test'));
  return {
    status: missing,
    top: missing,
    ban: missing,
    unban: missing,
    allow: missing,
    panic: missing,
    resetFuse: missing,
    lanes: missing,
    addLane: missing,
    changeLane: missing,
    fleetStatus: missing,
    fleetLeave: missing,
    annotate: missing,
    notifyTest: missing,
    reload: missing,
    ...own,
  };
}
