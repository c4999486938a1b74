/** Opens the dashboard and the metrics of an instance. */

import { createMetrics } from '../http/metrics.ts';
import { type Probes, startHttpServer } from '../http/server.ts';
import type { Status } from '../model/status.ts';
import type { Log } from './log.ts';
import type { Records } from './records.ts';

/** Resolves to what closes it again; undefined where `http.listen` is off. */
export async function openPage(
  listen: string,
  status: () => Status,
  probes: Probes,
  records: Records,
  log: Log,
): Promise<(() => unknown) | undefined> {
  if (listen === 'off') return undefined;
  const http = await startHttpServer({
    listen,
    status,
    probes,
    bans: (limit) => records.newestBans(limit),
    recent: (limit) => records.trail.query({ limit, newestFirst: true }),
    metrics: createMetrics(),
    log,
  });
  log('info', `dashboard on ${http.url}`);
  return () => http.close();
}
