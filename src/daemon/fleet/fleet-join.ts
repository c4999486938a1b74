/** How an instance joins its fleet. What a fleet needs, the client library included, is loaded only where one is configured. */
import type { InstanceParts } from '../instance-parts.ts';
import { findPanic } from '../orders/panic.ts';
import type { Fleet } from './fleet.ts';

/** This host's fleet, which connects in the background; undefined where none is configured. */
export async function joinFleet(parts: InstanceParts): Promise<Fleet | undefined> {
  const { config, records, bans, protection, plane, troubles, operator, now } = parts;
  if (!config.fleet) return undefined;
  const { Fleet } = await import('./fleet.ts');
  const fleet = new Fleet({
    ...{ config, fleet: config.fleet, trail: records.trail, pipeline: plane.pipeline, bans, protection, troubles, now },
    reconcile: (which) => parts.reconcile(which),
    allow: (request) => operator.allow(request, 'none'),
    // The host where somebody panicked tells people.
    panic: (request) => parts.carryOutPanic(request, { silent: true }),
    findPanic: () => findPanic(records),
  });
  fleet.start();
  return fleet;
}
