/** The data plane of a daemon alone, with its threads. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { DataPlane, type DataPlaneOptions } from '../../src/daemon/plane/data-plane.ts';
import { Troubles } from '../../src/daemon/troubles.ts';
import { packOffenders } from '../../src/decide/offender-table.ts';
import { RobotList } from '../../src/host/robots.ts';
import { engineOptions } from '../../src/workers/worker-setup.ts';

/** Not started yet; stopped and closed with the test. */
export function makePlane(
  t: TestContext,
  logs: readonly string[],
  options: Pick<DataPlaneOptions, 'now'> & Partial<DataPlaneOptions>,
): DataPlane {
  const config = configSchema.parse({ logs: logs.map((path) => ({ path })), detection: { robots: { verify: false } } });
  const plane = new DataPlane({
    config,
    engineOptions: engineOptions(config),
    positions: [],
    baseline: undefined,
    robots: new RobotList([]),
    log: () => {},
    troubles: new Troubles({ log: () => {} }),
    onEvents: () => {},
    onBegin: async () => {},
    onMinutes: () => {},
    onFailure: (error) => assert.fail(String(error)),
    onQuiet: () => {},
    onProgress: () => {},
    ...options,
  });
  t.after(async () => {
    await plane.stop();
    await plane.close();
  });
  return plane;
}

export const startPlane = (plane: DataPlane): Promise<void> =>
  plane.start(() => packOffenders([]), undefined, new AbortController().signal);
