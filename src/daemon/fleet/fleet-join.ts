/** How an instance joins its fleet. What a fleet needs, the client library included, is loaded only where one is configured. */
import type { Config } from '../../config/schema.ts';
import type { Operator } from '../orders/operator.ts';
import { findPanic } from '../orders/panic.ts';
import type { Records } from '../records/records.ts';
import type { Fleet, FleetOptions } from './fleet.ts';

export interface JoinOptions
  extends Pick<FleetOptions, 'bans' | 'protection' | 'pipeline' | 'troubles' | 'now' | 'reconcile' | 'panic'> {
  readonly config: Config;
  readonly records: Pick<Records, 'trail' | 'reserve'>;
  readonly operator: Pick<Operator, 'allow'>;
}

/** This host's fleet, which connects in the background; undefined where none is configured. */
export async function joinFleet({ records, operator, ...options }: JoinOptions): Promise<Fleet | undefined> {
  const { fleet: configured } = options.config;
  if (!configured) return undefined;
  const { Fleet } = await import('./fleet.ts');
  const fleet = new Fleet({
    ...options,
    fleet: configured,
    trail: records.trail,
    allow: (request) => operator.allow(request, 'none'),
    findPanic: () => findPanic(records),
  });
  fleet.start();
  return fleet;
}
