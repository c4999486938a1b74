/** Control servers of which a test answers a few commands. */
import type { TestContext } from 'node:test';
import type { ControlHandlers } from '../../src/control/protocol.ts';
import { ControlServer, type ControlServerOptions } from '../../src/control/server.ts';
import { everySecond } from '../../src/daemon/every-second.ts';

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

/** Answers at `socket` until the test is over. Rejects as `ControlServer.serve`. */
export async function serveControl(
  t: TestContext,
  socket: string,
  own: Partial<ControlHandlers> = {},
  options: Partial<ControlServerOptions> = {},
): Promise<ControlServer> {
  const server = new ControlServer({ everySecond, log: () => {}, ...options });
  t.after(() => server.close());
  await server.serve({ socket, handlers: controlHandlers(own) });
  return server;
}
